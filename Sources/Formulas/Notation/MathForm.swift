/// How one node reads in mathematics: a sum with a negated term is a difference, a product of equals a square.
///
/// Children are indices of nodes of the same formula.
enum MathForm {
  case variable(Variable)
  case number(Double)
  case negative(Int)
  case sum(Int, Int)
  case difference(Int, Int)
  /// a − number, for a + (−number).
  case less(Int, Double)
  case product(Int, Int)
  case square(Int)
  case quotient(Int, Int)
  case root(Int)
  case magnitude(Int)
  /// The larger of 0 and a.
  case positivePart(Int)
  case call(Primitive, Int)
  /// The sum of a · b over the last axis.
  case total(Int, Int)
  /// The sum of a over the last axis.
  case totalOf(Int)

  /// The form of a node of a formula.
  init(_ node: Node, in formula: Formula) {
    switch node {
    case .variable(let variable): self = .variable(variable)
    case .constant(let value): self = .number(value)
    case .unary(let primitive, let child): self = Self.unary(primitive, child)
    case .binary(let primitive, let left, let right): self = Self.binary(primitive, left, right, in: formula.nodes)
    }
  }

  private static func unary(_ primitive: Primitive, _ child: Int) -> MathForm {
    switch primitive {
    case .neg: .negative(child)
    case .abs: .magnitude(child)
    case .sqrt: .root(child)
    case .relu: .positivePart(child)
    case .exp, .log, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .add, .sub, .mul, .div, .dot:
      .call(primitive, child)
    }
  }

  private static func binary(_ primitive: Primitive, _ left: Int, _ right: Int, in nodes: [Node]) -> MathForm {
    switch primitive {
    case .add:
      switch nodes[right] {
      case .unary(.neg, let inner): .difference(left, inner)
      case .constant(let value) where value < 0: .less(left, -value)
      case .variable, .constant, .unary, .binary: .sum(left, right)
      }
    case .sub: .difference(left, right)
    case .mul: left == right ? .square(left) : .product(left, right)
    case .div: .quotient(left, right)
    case .dot: nodes[left] == .constant(1) ? .totalOf(right) : .total(left, right)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      .call(primitive, left)
    }
  }
}

extension MathForm {
  /// The operands.
  var children: [Int] {
    switch self {
    case .variable, .number: []
    case .negative(let a), .less(let a, _), .square(let a), .root(let a), .magnitude(let a), .positivePart(let a),
      .call(_, let a), .totalOf(let a):
      [a]
    case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b),
      .total(let a, let b):
      [a, b]
    }
  }

  /// Whether drawn mathematics writes it on several levels.
  var standsTall: Bool {
    switch self {
    case .quotient, .total, .totalOf: true
    case .variable, .number, .negative, .sum, .difference, .less, .product, .square, .root, .magnitude, .positivePart,
      .call:
      false
    }
  }
}
