import Formulas
import Losses
import Testing

/// Properties of random formulas: printing, canonical form.
@Suite struct RandomFormulaTests {
  static let cases = Mode.allCases.flatMap { mode in (0..<400).map { (mode, UInt64($0)) } }

  @Test func printingAndParsingGiveTheSameFormula() throws {
    for (mode, seed) in Self.cases {
      var random = RandomFormulas(seed: seed)
      let formula = random.formula(mode, depth: 6)
      let text = formula.description
      #expect(try Formula(parsing: text, mode: mode) == formula, "seed \(seed) \(text)")
      #expect(Formula(text) == formula, "seed \(seed) \(text)")
    }
  }

  @Test func theCanonicalFormIsItsOwnCanonicalForm() {
    for (mode, seed) in Self.cases {
      var random = RandomFormulas(seed: seed)
      let formula = random.formula(mode, depth: 5)
      let once = formula.canonical(in: mode)
      #expect(once.canonical(in: mode) == once, "seed \(seed) \(mode) \(formula) -> \(once)")
    }
  }

  @Test func theCanonicalFormKeepsShapeValueAndGradient() throws {
    var compared = 0
    for (mode, seed) in Self.cases {
      var random = RandomFormulas(seed: seed)
      let formula = random.formula(mode, depth: 5)
      let canonical = formula.canonical(in: mode)
      let label = "seed \(seed) \(mode) \(formula) -> \(canonical)"
      #expect(try canonical.shape(in: mode) == formula.shape(in: mode), "\(label)")
      let inputs = random.inputs(mode, rows: 7, classes: 4)
      var nudged = inputs
      for variable in mode.variables { nudged[variable] = inputs[variable]?.map { $0 * (1 + 1e-12) } }
      let before = try ReferenceEvaluator(formula, mode: mode).evaluate(inputs)
      let near = try ReferenceEvaluator(formula, mode: mode).evaluate(nudged)
      let after = try ReferenceEvaluator(canonical, mode: mode).evaluate(inputs)
      compared += Self.expectSame(before.value, near.value, after.value, "\(label) value")
      for variable in mode.differentiableVariables {
        let zeros = [Double](repeating: 0, count: inputs[variable]?.count ?? 0)
        compared += Self.expectSame(
          before.gradients[variable] ?? zeros, near.gradients[variable] ?? zeros, after.gradients[variable] ?? zeros,
          "\(label) gradient \(variable)")
      }
    }
    #expect(compared > 20_000)
  }

  /// Equal up to rounding, measured by what a nudge of the inputs changes; returns how many were finite.
  private static func expectSame(_ before: [Double], _ near: [Double], _ after: [Double], _ label: String) -> Int {
    var compared = 0
    for k in before.indices where before[k].isFinite && near[k].isFinite && abs(before[k]) < 1e15 {
      let limit = 1e-9 * (1 + abs(before[k])) + 1e4 * abs(before[k] - near[k])
      #expect(abs(before[k] - after[k]) <= limit, "\(label)[\(k)]: \(after[k]) instead of \(before[k])")
      compared += 1
    }
    return compared
  }
}
