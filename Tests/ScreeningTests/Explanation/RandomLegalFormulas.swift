import Formulas
import Randomness

/// A formula put together without any care for sense, odd numbers included, but legal in its mode.
func randomLegalFormula(_ mode: Mode, seed: UInt64) -> Formula {
  var random = SeededGenerator(seed: seed, stream: "legal \(mode.rawValue)")
  while true {
    var builder = FormulaBuilder()
    let odd = [-1e300, 1e-300, 0, 88, -0.37, 1e20][random.index(below: 6)]
    var made =
      mode.variables.map { builder.variable($0) }
      + [builder.constant(1), builder.constant(2), builder.constant(random.chance(0.2) ? odd : 3)]
    for _ in 0..<random.integer(in: 2...12) {
      let primitive = mode.primitives[random.index(below: mode.primitives.count)]
      let (left, right) = (random.index(below: made.count), random.index(below: made.count))
      made.append(
        primitive.arity == 1
          ? builder.unary(primitive, made[left]) : builder.binary(primitive, made[left], made[right]))
    }
    let formula = builder.build(root: made[made.count - 1])
    if (try? formula.shape(in: mode)) != nil { return formula }
  }
}
