import Formulas
import Foundation
import Losses
import Screening
import Testing

@Suite struct HazardTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let mode: Mode
    let text: String
    let code: LossWarning
    let part: String
    var testDescription: String { "\(code.rawValue): \(text)" }
  }

  static let rows = [
    Row(mode: .binaryClass, text: "Log(Sub(Sig(X),0.5))", code: .logOfNegative, part: "Log(Sub(Sig(X),0.5))"),
    Row(mode: .multiClass, text: "Dot(Y,Sqrt(Neg(Softmax(X))))", code: .rootOfNegative, part: "Sqrt(Neg(Softmax(X)))"),
    Row(mode: .regression, text: "Sqrt(Sub(2,Div(I,U)))", code: .divisionByZero, part: ""),
    Row(mode: .regression, text: "Sqrt(Div(I,U))", code: .rootSlopeInfinite, part: "Sqrt(Div(I,U))"),
    Row(mode: .regression, text: "Neg(Log(Div(I,U)))", code: .logOfZero, part: "Log(Div(I,U))"),
    Row(mode: .regression, text: "Div(U,I)", code: .divisionByZero, part: "Div(U,I)"),
    Row(mode: .binaryClass, text: "Div(PY,X)", code: .divisionByZero, part: "Div(PY,X)"),
    Row(mode: .binaryClass, text: "Div(PY,Add(X,0.5))", code: .divisorChangesSign, part: "Div(PY,Add(X,0.5))"),
    Row(mode: .binaryClass, text: "Div(PY,X)", code: .divisorChangesSign, part: "Div(PY,X)"),
    Row(mode: .binaryClass, text: "Div(1,Sub(Sig(X),Q))", code: .divisionByZero, part: "Div(1,"),
    Row(mode: .binaryClass, text: "Div(1,Sub(Sig(X),Q))", code: .divisorChangesSign, part: "Div(1,"),
    Row(mode: .binaryClass, text: "Mul(Add(X,X),Div(PY,X))", code: .divisionByZero, part: "Div(PY,X)"),
    Row(mode: .binaryClass, text: "Mul(Add(X,X),Div(PY,X))", code: .divisorChangesSign, part: "Div(PY,X)"),
    Row(mode: .regression, text: "Div(U,I)", code: .divisorChangesSign, part: ""),
    Row(mode: .binaryClass, text: "Exp(Mul(3,X))", code: .expClamped, part: "Exp(Mul(3,X))"),
    Row(mode: .binaryClass, text: "Mul(Exp(Mul(3,X)),Exp(Mul(3,X)))", code: .fp32Overflow, part: "Mul("),
    Row(mode: .binaryClass, text: "Mul(1e300,Mul(1e300,X))", code: .nonFinite, part: "Mul("),
    Row(mode: .binaryClass, text: "Neg(Log(Sub(1,Sig(X))))", code: .fp32DeadGradient, part: "Sub(1,Sig(X))"),
    Row(mode: .binaryClass, text: "Neg(Log(Sub(1,Sig(X))))", code: .bf16DeadGradient, part: "Sub(1,Sig(X))"),
    Row(mode: .binaryClass, text: "Mul(30000,Mul(0.00000001,X))", code: .fp16DeadGradient, part: "Mul(1e-08,X)"),
    Row(mode: .binaryClass, text: "Neg(Log(Sig(X)))", code: .fp16EpsilonVanishes, part: "Log(Sig(X))"),
    Row(mode: .regression, text: "Sub(1,Div(I,U))", code: .fp16Overflow, part: "I"),
    Row(mode: .regression, text: "Div(Mul(Mul(U,U),Mul(Mul(U,U),Mul(U,U))),E)", code: .fp32Overflow, part: "Mul("),
  ]

  @Test(arguments: rows) func hazardsAreFound(row: Row) throws {
    let hazards = try Explanation(try Formula(parsing: row.text, mode: row.mode), mode: row.mode).hazards
    let found = hazards.first { $0.code == row.code }
    if row.part.isEmpty {
      #expect(found == nil, "\(hazards)")
    } else {
      #expect(found?.part.hasPrefix(row.part) == true, "\(hazards.map { "\($0.code.rawValue) \($0.part)" })")
    }
  }

  /// In Float, 1 − σ(x) is exactly 0 from x = 17 (16.64 rounds to nothing): golden README, quirk 4.
  @Test func theInputThatKillsTheGradientIsGiven() throws {
    let formula = try Formula(parsing: "Neg(Log(Sub(1,Sig(X))))", mode: .binaryClass)
    let hazard = try #require(
      try Explanation(formula, mode: .binaryClass).hazards.first { $0.code == .fp32DeadGradient })
    #expect(hazard.numbers == [ProbeNumbers(.x, row: [17, 0])])
    let program = try Program(formula, mode: .binaryClass)
    func slope(_ x: Float) throws -> Float {
      var inputs = LossInputs<Float>(rows: 1, classes: 1)
      inputs[.x] = [x]
      return try #require(try program.evaluate(inputs).gradients[.x]?.first)
    }
    #expect(try slope(17) == 0)
    #expect(try slope(16) > 0.5)
  }

  /// What Double calls nan or infinite on the shown input is so for the reference evaluator.
  @Test(arguments: Mode.allCases) func shownInputsShowIt(mode: Mode) throws {
    var shown = 0
    for seed in 0..<UInt64(400) {
      let formula = randomLegalFormula(mode, seed: seed)
      for hazard in try Explanation(formula, mode: mode).hazards
      where [.logOfNegative, .rootOfNegative, .nonFinite].contains(hazard.code) {
        let width = hazard.numbers.first?.row.count ?? 1
        var inputs = LossInputs<Double>(rows: 1, classes: mode == .regression ? 1 : width)
        for numbers in hazard.numbers { inputs[numbers.variable] = numbers.row }
        let part = formula.subformula(at: hazard.node)
        let result = try ReferenceEvaluator(part, mode: mode).evaluate(inputs)
        let all = result.value + result.gradients.values.flatMap(\.self)
        guard hazard.code != .nonFinite || hazard.node != formula.root else { continue }
        shown += 1
        #expect(all.contains { !$0.isFinite }, "seed \(seed): \(hazard.part) at \(hazard.input)")
      }
    }
    #expect(shown > 0)
  }

  @Test func formatsRoundAsTheyShould() {
    #expect(FloatFormat.fp16.rounded(1e-20) == 0 && FloatFormat.bf16.rounded(1e-20) != 0)
    #expect(FloatFormat.fp16.rounded(65_519) == 65_504 && FloatFormat.fp16.rounded(65_520) == .infinity)
    #expect(FloatFormat.fp16.rounded(-1e9) == -.infinity && FloatFormat.fp16.rounded(.nan).isNaN)
    #expect(FloatFormat.fp16.rounded(0x1p-24) == 0x1p-24 && FloatFormat.fp16.rounded(0x1p-25) == 0)
    #expect(FloatFormat.fp16.rounded(1 + 0x1p-11) == 1 && FloatFormat.fp16.rounded(1 + 0x1.8p-11) == 1 + 0x1p-10)
    #expect(FloatFormat.bf16.rounded(1 + 0x1p-8) == 1 && FloatFormat.bf16.rounded(257) == 256)
    #expect(FloatFormat.bf16.rounded(3.4e38) == .infinity && FloatFormat.fp32.rounded(0.1) == Double(Float(0.1)))
    for step in 0..<5_000 {
      let value = Double(step - 2_500) * 1.37 * pow(10, Double(step % 13 - 6))
      #expect(FloatFormat.bf16.rounded(value) == FloatFormat.bf16.rounded(FloatFormat.bf16.rounded(value)))
      #expect(
        abs(FloatFormat.fp16.rounded(value) - value) <= max(value.magnitude * 0x1p-11, 0x1p-25)
          || value.magnitude > 65_504)
    }
  }
}
