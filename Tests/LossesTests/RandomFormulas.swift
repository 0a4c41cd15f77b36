import Formulas
import Losses
import Randomness

/// Random legal formulas and inputs, fixed by a seed.
struct RandomFormulas {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// A formula of the mode, at most `depth` edges deep, with any legal shape.
  mutating func formula(_ mode: Mode, depth: Int) -> Formula {
    while true {
      var builder = FormulaBuilder()
      let root = tree(mode, depth, &builder)
      let formula = builder.build(root: root)
      if (try? formula.shape(in: mode)) != nil { return formula }
    }
  }

  private mutating func tree(_ mode: Mode, _ depth: Int, _ builder: inout FormulaBuilder) -> Int {
    if depth == 0 || generator.chance(0.15) {
      if generator.chance(0.25) {
        return builder.constant(Double(generator.integer(in: 1...3)) * (generator.chance(0.1) ? -0.37 : 1))
      }
      return builder.variable(generator.element(of: mode.variables) ?? .x)
    }
    guard let primitive = generator.element(of: mode.primitives) else { return builder.constant(1) }
    let first = tree(mode, depth - 1, &builder)
    if primitive.arity == 1 { return builder.unary(primitive, first) }
    return builder.binary(primitive, first, tree(mode, depth - 1, &builder))
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
