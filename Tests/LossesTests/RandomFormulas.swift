import Formulas
import Losses
import Randomness

/// Random legal formulas and inputs, fixed by a seed.
struct RandomFormulas {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// A formula of the mode, at most `depth` edges deep, with any legal shape.
  mutating func formula(_ mode: Mode, depth: Int, integers: Bool = false) -> Formula {
    while true {
      var builder = FormulaBuilder()
      let root = tree(mode, depth, integers, &builder)
      let formula = builder.build(root: root)
      if (try? formula.shape(in: mode)) != nil { return formula }
    }
  }

  private mutating func tree(_ mode: Mode, _ depth: Int, _ integers: Bool, _ builder: inout FormulaBuilder) -> Int {
    if depth == 0 || generator.chance(0.15) {
      if generator.chance(0.25) {
        let size = Double(generator.integer(in: 1...3))
        return builder.constant(size * (generator.chance(0.1) ? integers ? -1 : -0.37 : 1))
      }
      return builder.variable(generator.element(of: mode.variables) ?? .x)
    }
    guard let primitive = generator.element(of: mode.primitives) else { return builder.constant(1) }
    let first = tree(mode, depth - 1, integers, &builder)
    if primitive.arity == 1 { return builder.unary(primitive, first) }
    return builder.binary(primitive, first, tree(mode, depth - 1, integers, &builder))
  }

  /// A pattern with its leaves A, B and C replaced by formulas from a list, or by any of the mode; nil where the
  /// shapes of those that were drawn do not combine.
  mutating func formula(filling pattern: String, _ mode: Mode, from parts: [String] = []) -> Formula? {
    var filled: [Character: String] = [:]
    for letter in "ABC" {
      let part = generator.element(of: parts) ?? formula(mode, depth: 2).description
      filled[letter] = part
    }
    var text = ""
    for (place, character) in pattern.enumerated() {
      let next = pattern.dropFirst(place + 1).first
      let isLeaf = next == "," || next == ")"
      text += isLeaf ? filled[character] ?? String(character) : String(character)
    }
    return try? Formula(parsing: text, mode: mode)
  }

  /// The same formula spelled another way: arguments exchanged, sums and products regrouped, signs moved.
  mutating func respelled(_ formula: Formula) -> Formula {
    var builder = FormulaBuilder()
    var places: [Int] = []
    for node in formula.nodes {
      switch node {
      case .variable, .constant: places.append(builder.insert(node))
      case .unary(let primitive, let child): places.append(unary(primitive, places[child], &builder))
      case .binary(let primitive, let left, let right):
        places.append(binary(primitive, places[left], places[right], &builder))
      }
    }
    return builder.build(root: places[formula.root])
  }

  private mutating func unary(_ primitive: Primitive, _ child: Int, _ builder: inout FormulaBuilder) -> Int {
    let written = builder.unary(primitive, child)
    guard generator.chance(0.3) else { return written }
    let minus = builder.unary(.neg, child)
    switch primitive {
    case .abs, .cos: return builder.unary(primitive, minus)
    case .sin, .tanh: return builder.unary(.neg, builder.unary(primitive, minus))
    case .softmax: return builder.unary(.softmax, builder.binary(.add, builder.constant(2), child))
    case .neg, .exp, .log, .sqrt, .softplus, .sig, .sgdf, .salf, .serf, .relu, .add, .sub, .mul, .div, .dot:
      return builder.unary(.neg, builder.unary(.neg, written))
    }
  }

  private mutating func binary(_ primitive: Primitive, _ a: Int, _ b: Int, _ builder: inout FormulaBuilder) -> Int {
    let (left, right) = generator.chance(0.5) ? (a, b) : (b, a)
    switch primitive {
    case .add, .mul:
      // a + (b + c) as (a + b) + c, or a·(b·c) as (a·b)·c.
      if generator.chance(0.5), case .binary(primitive, let first, let second) = builder.nodes[right] {
        return builder.binary(primitive, builder.binary(primitive, left, first), second)
      }
      return builder.binary(primitive, left, right)
    case .dot: return builder.binary(.dot, left, right)
    case .sub:
      return generator.chance(0.5)
        ? builder.binary(.add, builder.unary(.neg, b), a)
        : builder.unary(.neg, builder.binary(.sub, b, a))
    case .div: return builder.unary(.neg, builder.binary(.div, builder.unary(.neg, a), b))
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      return builder.binary(primitive, a, b)
    }
  }

  /// Inputs as the wrappers make them: one-hot labels, IoUs, areas of valid boxes.
  mutating func inputs(_ mode: Mode, rows: Int, classes: Int, scale: Double = 2) -> LossInputs<Double> {
    var inputs = LossInputs<Double>(rows: rows, classes: mode == .regression ? 1 : classes)
    switch mode {
    case .multiClass, .binaryClass:
      var (y, z, q) = ([Double](), [Double](), [Double]())
      for _ in 0..<rows {
        let label = generator.index(below: classes)
        let iou = Double(Float(generator.uniform(0.1, 1)))
        for column in 0..<classes {
          y.append(column == label ? 1 : 0)
          z.append(label == classes - 1 ? 1 : iou)
          q.append(column == label ? iou : 0)
        }
      }
      inputs[.x] = (0..<(rows * classes)).map { _ in Double(Float(generator.normal() * scale)) }
      (inputs[.y], inputs[.z], inputs[.q], inputs[.py]) = (y, z, q, y)
      inputs[.ny] = y.map { 1 - $0 }
    case .regression:
      var (u, i, e) = ([Double](), [Double](), [Double]())
      for _ in 0..<rows {
        let sizes = [generator.uniform(1, 60), generator.uniform(1, 60)]
        let overlap = generator.chance(0.2) ? 0 : sizes[0] * generator.uniform() * min(1, sizes[1] / sizes[0])
        let union = sizes[0] + sizes[1] - overlap
        i.append(Double(Float(overlap)))
        u.append(Double(Float(union)))
        e.append(Double(Float(union * generator.uniform(1, 2))))
      }
      (inputs[.u], inputs[.i], inputs[.e]) = (u, i, e)
    }
    return inputs
  }

  mutating func upstream(_ count: Int) -> [Double] { (0..<count).map { _ in Double(Float(generator.uniform(-1, 2))) } }
}
