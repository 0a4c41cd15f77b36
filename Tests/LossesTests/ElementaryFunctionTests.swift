import Formulas
import Losses
import Testing

/// The vector functions against the reference in Double, on dense grids.
@Suite struct ElementaryFunctionTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let text: String
    let low: Double
    let high: Double
    /// Allowed error in units of the last place of the result, or of `floor` where the result is smaller.
    let units: Double
    let floor: Double
    var testDescription: String { "\(text) on \(low) ... \(high)" }
  }

  static let rows = [
    Row(text: "Exp(X)", low: -87, high: 89, units: 2, floor: 0),
    Row(text: "Exp(X)", low: -0.7, high: 0.7, units: 1.5, floor: 0),
    Row(text: "Log(X)", low: 1e-6, high: 4, units: 2, floor: 0),
    Row(text: "Log(X)", low: 1, high: 1e30, units: 2, floor: 0),
    Row(text: "Sqrt(X)", low: 0, high: 1e6, units: 0.51, floor: 0),
    Row(text: "Tanh(X)", low: -12, high: 12, units: 2, floor: 0),
    Row(text: "Sig(X)", low: -80, high: 80, units: 2, floor: 0),
    Row(text: "Softplus(X)", low: -60, high: 30, units: 3, floor: 0),
    Row(text: "Sin(X)", low: -40, high: 40, units: 2, floor: 1e-6),
    Row(text: "Cos(X)", low: -40, high: 40, units: 2, floor: 1e-6),
    Row(text: "Sin(X)", low: -1e6, high: 9e6, units: 2, floor: 1e-6),
    Row(text: "Cos(X)", low: 1e8, high: 1e20, units: 2, floor: 1e-6),
    // The three curves are (1 + a curve from −1 to 1) / 2 as in the original: exact to a unit of 1 / 2.
    Row(text: "Serf(X)", low: -12, high: 12, units: 2, floor: 0.5),
    Row(text: "Salf(X)", low: -60, high: 60, units: 2, floor: 0.5),
    Row(text: "Sgdf(X)", low: -20, high: 20, units: 2, floor: 0.5),
  ]

  /// In the left tail (1 + curve) / 2 is 0, as in PyTorch, and never below: a logarithm follows.
  @Test(arguments: ["Sgdf(X)", "Serf(X)"]) func theCurvesEndAtZeroAndOne(text: String) throws {
    let formula = try Formula(parsing: text, mode: .binaryClass)
    var inputs = LossInputs<Float>(rows: 4000, classes: 1)
    let logits = (0..<4000).map { -10 - 0.03 * Float($0) }
    for set in InstructionSet.available {
      let program = try Program(formula, mode: .binaryClass, instructionSet: set)
      inputs[.x] = logits
      let left = try program.evaluate(inputs).value
      inputs[.x] = logits.map { -$0 }
      let right = try program.evaluate(inputs).value
      for (k, x) in logits.enumerated() {
        #expect(x < -30 ? left[k] == 0 : left[k] >= 0, "\(text) of \(x) on \(set): \(left[k])")
        #expect(x < -30 ? right[k] == 1 : right[k] <= 1, "\(text) of \(-x) on \(set): \(right[k])")
      }
    }
  }

  @Test(arguments: rows) func staysWithinItsUnits(row: Row) throws {
    let formula = try Formula(parsing: row.text, mode: .binaryClass)
    let count = 100_000
    var inputs = LossInputs<Float>(rows: count, classes: 1)
    inputs[.x] = (0..<count).map { Float(row.low + (row.high - row.low) * (Double($0) + 0.5) / Double(count)) }
    let expected = try ReferenceEvaluator(formula, mode: .binaryClass).value(inputs.converted(to: Double.self))
    for set in InstructionSet.available {
      let actual = try Program(formula, mode: .binaryClass, instructionSet: set).evaluate(inputs).value
      var worst = (units: 0.0, place: 0)
      for k in expected.indices {
        let unit = Double(max(Float(abs(expected[k])), Float(row.floor)).ulp)
        let units = abs(Double(actual[k]) - expected[k]) / unit
        if units > worst.units { worst = (units, k) }
      }
      let x = inputs[.x]?[worst.place] ?? 0
      #expect(worst.units <= row.units, "\(row.text) at \(x), \(set): \(worst.units) units")
    }
  }

  /// Every class size from 1 to 40: vectors, tails and rows that straddle them.
  @Test(arguments: InstructionSet.available) func softmaxRowsSumToOne(set: InstructionSet) throws {
    let program = try Program(Formula(parsing: "Softmax(X)", mode: .multiClass), mode: .multiClass, instructionSet: set)
    for classes in 1...40 {
      var random = RandomFormulas(seed: UInt64(classes))
      let inputs = random.inputs(.multiClass, rows: 21, classes: classes, scale: 20).converted(to: Float.self)
      let value = try program.evaluate(inputs).value
      for row in 0..<21 {
        let sum = value[(row * classes)..<((row + 1) * classes)].reduce(0, +)
        #expect(abs(sum - 1) < 1e-6, "\(classes) classes, row \(row)")
      }
    }
  }
}
