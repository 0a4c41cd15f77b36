import Formulas
import Losses
import Testing

/// The compiled program is the reference evaluator in Float, for every formula, batch and instruction set.
@Suite struct ProgramTests {
  /// Batches below, at and across the blocks of a program.
  static let batches = [(1, 2), (7, 5), (48, 5), (130, 3), (5, 81), (3, 300)]

  @Test(arguments: InstructionSet.available) func agreesWithTheReference(set: InstructionSet) throws {
    var compared = 0
    for mode in Mode.allCases {
      for seed in UInt64(0)..<250 {
        var random = RandomFormulas(seed: seed)
        let formula = random.formula(mode, depth: 4)
        let (rows, classes) = Self.batches[Int(seed) % Self.batches.count]
        let inputs = random.inputs(mode, rows: rows, classes: classes)
        let reference = try ReferenceEvaluator(formula, mode: mode)
        let count = reference.shape.extents(rows: rows, classes: inputs.classes).reduce(1, *)
        let upstream = random.upstream(count)
        let expected = try reference.evaluate(inputs, upstream: upstream)
        let near = try (UInt64(0)..<4).map {
          try ReferenceEvaluator(formula, mode: mode, rounding: Self.disturbance($0))
            .evaluate(inputs, upstream: upstream)
        }
        let actual = try Program(formula, mode: mode, instructionSet: set).evaluate(
          inputs.converted(to: Float.self), upstream: upstream.map { Float($0) })
        let label = "seed \(seed) \(mode) \(formula) \(rows)x\(classes)"
        compared += Self.compare(actual.value, expected.value, near.map(\.value), "\(label) value")
        #expect(Set(actual.gradients.keys) == Set(expected.gradients.keys), "\(label)")
        for (variable, gradient) in actual.gradients {
          compared += Self.compare(
            gradient, expected.gradients[variable] ?? [], near.compactMap { $0.gradients[variable] },
            "\(label) gradient \(variable)")
        }
      }
    }
    #expect(compared > 40_000)
  }

  /// Rounds to Float and moves by one unit in the last place, up or down as the bits fall.
  ///
  /// Numbers that overflow in intermediate steps of Float (squares in Salf) become nan, which excludes the entry.
  private static func disturbance(_ salt: UInt64) -> @Sendable (Double) -> Double {
    { value in
      guard abs(value) < 1e15 else { return .nan }
      let bits = (value.bitPattern &+ salt) &* 0x9e37_79b9_7f4a_7c15
      return Double(Float(value)) * (1 + (bits >> 63 == 0 ? 0x1p-23 : -0x1p-23))
    }
  }

  /// Compares entries that rounding changes little; returns how many there were.
  private static func compare(_ actual: [Float], _ expected: [Double], _ near: [[Double]], _ label: String) -> Int {
    #expect(actual.count == expected.count, "\(label)")
    let largest = expected.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    var compared = 0
    for k in expected.indices where expected[k].isFinite && largest < 1e6 {
      let change = near.reduce(0) { max($0, abs($1[k] - expected[k])) }
      guard near.allSatisfy({ $0[k].isFinite }), change < 1e-3 * (1 + largest) else { continue }
      let limit = 10 * change + 2e-6 * abs(expected[k]) + 1e-6 * largest + 1e-9
      #expect(abs(Double(actual[k]) - expected[k]) <= limit, "\(label)[\(k)]: \(actual[k]) instead of \(expected[k])")
      compared += 1
    }
    return compared
  }

  /// Formulas of every primitive and shape, on a batch of several blocks that ends inside one.
  @Test func blocksDoNotShow() throws {
    for text in [
      "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", "Sub(Softplus(X),Mul(Y,X))", "X", "Dot(X,2)",
      "Dot(Dot(Y,Softmax(X)),Dot(X,Z))", "Add(X,Dot(Dot(X,Y),1))", "Mul(Dot(X,Y),Dot(Dot(X,Z),2))",
    ] {
      let formula = try Formula(parsing: text, mode: .multiClass)
      var random = RandomFormulas(seed: 5)
      let inputs = random.inputs(.multiClass, rows: 1003, classes: 6)
      let expected = try ReferenceEvaluator(formula, mode: .multiClass).evaluate(inputs)
      let actual = try Program(formula, mode: .multiClass).evaluate(inputs.converted(to: Float.self))
      for (a, e) in zip(actual.value, expected.value) { #expect(abs(Double(a) - e) <= 1e-4 * (1 + abs(e)), "\(text)") }
      for (a, e) in zip(actual.gradients[.x] ?? [], expected.gradients[.x] ?? []) {
        #expect(abs(Double(a) - e) <= 1e-4 * (1 + abs(e)), "\(text)")
      }
    }
  }

  @Test func nonFiniteInputsGiveNumbersOrNanAndNothingElse() throws {
    for text in [
      "Log(X)", "Softmax(X)", "Div(1,X)", "Exp(X)", "Sin(X)", "Sqrt(X)", "Tanh(X)", "Serf(X)", "Softplus(X)",
    ] {
      let formula = try Formula(parsing: text, mode: .multiClass)
      var inputs = LossInputs<Float>(rows: 2, classes: 4)
      inputs[.x] = [.infinity, -.infinity, .nan, 0, 1e38, -1e38, 0x1p-133, 88.5]
      let expected = try ReferenceEvaluator(formula, mode: .multiClass).evaluate(inputs.converted(to: Double.self))
      for set in InstructionSet.available {
        let actual = try Program(formula, mode: .multiClass, instructionSet: set).evaluate(inputs)
        for (k, (a, e)) in zip(actual.value, expected.value).enumerated() {
          let same = a.isNaN ? e.isNaN : Double(a) == e || abs(Double(a) - e) <= 1e-5 * (1 + abs(e)) || Float(e) == a
          #expect(same, "\(text)[\(k)] \(set): \(a) instead of \(e)")
        }
      }
    }
  }

  @Test func oneProgramServesBatchesOfEverySize() throws {
    let formula = try Formula(parsing: "Neg(Dot(Y,Log(Softmax(X))))", mode: .multiClass)
    let program = try Program(formula, mode: .multiClass)
    for (rows, classes) in [(3, 4), (500, 9), (1, 400), (0, 4), (64, 2)] {
      var random = RandomFormulas(seed: 9)
      let inputs = random.inputs(.multiClass, rows: rows, classes: classes).converted(to: Float.self)
      let again = try Program(formula, mode: .multiClass).evaluate(inputs)
      let result = try program.evaluate(inputs)
      #expect(result.value == again.value)
      #expect(result.gradients == again.gradients)
      #expect(result.value.count == rows)
    }
  }

  @Test func wrongInputsAreNamed() throws {
    let program = try Program(Formula(parsing: "Mul(X,Y)", mode: .multiClass), mode: .multiClass)
    var inputs = LossInputs<Float>(rows: 2, classes: 3)
    #expect(throws: LossInputError.missing(.x)) { try program.evaluate(inputs) }
    inputs[.x] = [1, 2, 3]
    #expect(throws: LossInputError.count(.x, given: 3, expected: 6)) { try program.evaluate(inputs) }
  }
}
