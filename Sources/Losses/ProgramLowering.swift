import Formulas

/// A formula written on a tape: first its value, then, on demand, the gradient of the sum of its value.
///
/// Value and gradient share what they have in common, because a tape holds every operation once.
struct ProgramLowering {
  private static let epsilon = Float(ReferenceFunctions.epsilon)
  /// The scales of the curves' arguments: √π/4 for Serf, π/8 for Sgdf.
  private static let serfScale = Float(Double.pi.squareRoot() / 4)
  private static let sgdfScale = Float(Double.pi / 8)

  private let formula: Formula
  private let extents: [Tape.Extent]
  private(set) var tape = Tape()
  /// What each node of the formula is on the tape.
  private var places: [Tape.Reference] = []

  init(_ formula: Formula, shapes: [NodeShape], mode: Mode) {
    self.formula = formula
    extents = shapes.map { Tape.Extent($0.value, in: mode) }
    places.reserveCapacity(formula.nodeCount)
    for (index, node) in formula.nodes.enumerated() { places.append(lower(node, index)) }
  }

  /// The value of the formula.
  var value: Tape.Reference { places[formula.root] }

  private mutating func lower(_ node: Node, _ index: Int) -> Tape.Reference {
    switch node {
    case .variable(let variable): return tape.input(variable, extents[index])
    case .constant(let number): return tape.constant(Float(number))
    case .unary(let primitive, let child): return lower(primitive, places[child])
    case .binary(let primitive, let left, let right): return lower(primitive, places[left], places[right])
    }
  }

  private mutating func lower(_ primitive: Primitive, _ x: Tape.Reference) -> Tape.Reference {
    switch primitive {
    case .neg: return tape.negated(x)
    case .exp: return tape.applied(.exp, x)
    case .log:
      let shifted = shifted(x)
      return tape.applied(.log, shifted)
    case .abs: return tape.applied(.abs, x)
    case .sqrt: return tape.applied(.sqrt, x)
    case .softplus: return tape.applied(.softplus, x)
    case .sig: return tape.applied(.sig, x)
    case .tanh: return tape.applied(.tanh, x)
    case .sin: return tape.applied(.sin, x)
    case .cos: return tape.applied(.cos, x)
    case .relu: return tape.applied(.relu, x)
    case .sgdf:
      let curve = tape.applied(.atan, sgdfTanh(x))
      return halved(tape.product(curve, tape.constant(Float(4 / Double.pi))))
    case .salf:
      let half = tape.product(x, tape.constant(0.5))
      return halved(tape.quotient(half, salfParts(x).root))
    case .serf:
      let curve = tape.applied(.erf, tape.product(x, tape.constant(Self.serfScale)))
      return halved(curve)
    case .softmax:
      let power = tape.expShifted(x)
      return tape.quotient(power, tape.overClasses(.rowSum, power))
    case .add, .sub, .mul, .div, .dot: preconditionFailure("\(primitive) has two arguments")
    }
  }

  private mutating func lower(_ primitive: Primitive, _ a: Tape.Reference, _ b: Tape.Reference) -> Tape.Reference {
    switch primitive {
    case .add: return tape.sum(a, b)
    case .sub: return tape.difference(a, b)
    case .mul: return tape.product(a, b)
    case .div:
      let divisor = shifted(b)
      return tape.quotient(a, divisor)
    case .dot:
      let product = tape.product(a, b)
      switch tape.extent(product) {
      case .one: return product
      case .row: return tape.overBatch(product, .row)
      case .element: return tape.overClasses(.rowSum, product)
      }
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      preconditionFailure("\(primitive) has one argument")
    }
  }

  /// x + eps, of Log and Div.
  private mutating func shifted(_ x: Tape.Reference) -> Tape.Reference { tape.sum(x, tape.constant(Self.epsilon)) }

  /// (1 + x) / 2.
  private mutating func halved(_ x: Tape.Reference) -> Tape.Reference {
    tape.product(tape.sum(x, tape.constant(1)), tape.constant(0.5))
  }

  private mutating func sgdfTanh(_ x: Tape.Reference) -> Tape.Reference {
    tape.applied(.tanh, tape.product(x, tape.constant(Self.sgdfScale)))
  }

  /// 1 + x²/4 and its root.
  private mutating func salfParts(_ x: Tape.Reference) -> (square: Tape.Reference, root: Tape.Reference) {
    let half = tape.product(x, tape.constant(0.5))
    let square = tape.sum(tape.applied(.square, half), tape.constant(1))
    return (square, tape.applied(.sqrt, square))
  }

  // MARK: The gradient

  /// The gradient with respect to every variable, by reverse accumulation.
  /// - Parameter depends: for each node, whether the prediction lies below it.
  /// - Parameter weighted: whether the value's entries have weights; if not, they count 1 each.
  mutating func gradients(depends: [Bool], weighted: Bool) -> [(variable: Variable, gradient: Tape.Reference)] {
    var adjoints = [Tape.Reference?](repeating: nil, count: formula.nodeCount)
    adjoints[formula.root] =
      weighted ? tape.upstream(extents[formula.root]) : tape.constant(1)
    var found: [(Variable, Tape.Reference)] = []
    for index in formula.nodes.indices.reversed() where depends[index] {
      guard let gradient = adjoints[index] else { continue }
      switch formula.nodes[index] {
      case .constant: break
      case .variable(let variable): found.append((variable, gradient))
      case .unary(let primitive, let child):
        let pulled = pull(primitive, x: places[child], r: places[index], gradient)
        add(pulled, to: child, from: extents[child], &adjoints)
      case .binary(let primitive, let left, let right):
        let extent = max(extents[left], extents[right])
        let (toLeft, toRight) = pull(
          primitive, places[left], places[right], r: places[index], gradient, left: depends[left],
          right: depends[right])
        if let toLeft { add(toLeft, to: left, from: extent, &adjoints) }
        if let toRight { add(toRight, to: right, from: extent, &adjoints) }
      }
    }
    return found
  }

  /// Adds to a node's gradient; what comes from many numbers to one is summed over the batch.
  private mutating func add(
    _ pulled: Tape.Reference, to child: Int, from extent: Tape.Extent, _ adjoints: inout [Tape.Reference?]
  ) {
    let isSpread = extents[child] < extent
    let gradient = isSpread ? tape.overBatch(pulled, extent) : pulled
    adjoints[child] = adjoints[child].map { tape.sum($0, gradient) } ?? gradient
  }

  /// The gradient of the argument x from the result r and its gradient g; as in `ReferenceFunctions.pullback`.
  private mutating func pull(_ primitive: Primitive, x: Tape.Reference, r: Tape.Reference, _ g: Tape.Reference)
    -> Tape.Reference
  {
    let one = tape.constant(1)
    let quarter = tape.constant(0.25)
    switch primitive {
    case .neg: return tape.negated(g)
    case .exp: return tape.selected(.keepUnclamped, by: x, tape.product(g, r))
    case .log:
      let shifted = shifted(x)
      return tape.quotient(g, shifted)
    case .abs: return tape.product(g, tape.applied(.sign, x))
    case .sqrt: return tape.quotient(g, tape.sum(r, r))
    case .softplus: return tape.product(g, tape.applied(.softplusSlope, x))
    case .sig: return tape.product(g, tape.product(r, tape.difference(one, r)))
    case .tanh: return tape.product(g, tape.difference(one, tape.applied(.square, r)))
    case .sin: return tape.product(g, tape.applied(.cos, x))
    case .cos: return tape.negated(tape.product(g, tape.applied(.sin, x)))
    case .relu: return tape.selected(.keepPositive, by: r, g)
    case .sgdf:
      let square = tape.applied(.square, sgdfTanh(x))
      let slope = tape.quotient(tape.difference(one, square), tape.sum(one, square))
      return tape.product(g, tape.product(slope, quarter))
    case .salf:
      // Scaled by 2^-64, so that the cube does not overflow before the quotient is 0.
      let (square, root) = salfParts(x)
      let cube = tape.product(tape.product(square, tape.constant(0x1p-64)), root)
      return tape.product(g, tape.product(tape.quotient(one, cube), tape.constant(0x1p-66)))
    case .serf: return tape.product(g, tape.product(tape.applied(.gauss, x), quarter))
    case .softmax:
      let mean = tape.overClasses(.rowSum, tape.product(g, r))
      return tape.product(r, tape.difference(g, mean))
    case .add, .sub, .mul, .div, .dot: preconditionFailure("\(primitive) has two arguments")
    }
  }

  /// The gradients of both arguments, as far as they are wanted.
  private mutating func pull(
    _ primitive: Primitive, _ a: Tape.Reference, _ b: Tape.Reference, r: Tape.Reference, _ g: Tape.Reference,
    left: Bool, right: Bool
  ) -> (Tape.Reference?, Tape.Reference?) {
    switch primitive {
    case .add: return (left ? g : nil, right ? g : nil)
    case .sub: return (left ? g : nil, right ? tape.negated(g) : nil)
    case .mul, .dot: return (left ? tape.product(g, b) : nil, right ? tape.product(g, a) : nil)
    case .div:
      // −g (a / d) / d is written with the quotients that are there already: g / d and a / d.
      let divisor = shifted(b)
      let share = tape.quotient(g, divisor)
      return (left ? share : nil, right ? tape.negated(tape.product(share, r)) : nil)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      preconditionFailure("\(primitive) has one argument")
    }
  }
}
