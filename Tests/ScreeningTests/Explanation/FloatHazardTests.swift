import Formulas
import Losses
import Screening
import Testing

/// What the compiled program does in Float is what the hazards of fp32 say.
@Suite struct FloatHazardTests {
  @Test(arguments: [
    ("Neg(Log(Serf(X)))", -10.0, LossWarning.fp32PrecisionLoss), ("Neg(Log(Sgdf(X)))", -25, .fp32DeadGradient),
    ("Sqrt(Sgdf(Add(X,Q)))", -30, .fp32Overflow), ("Neg(Log(Salf(Mul(X,Mul(X,X)))))", -25, .fp32PrecisionLoss),
  ]) func tailsOfTheCurvesCancel(text: String, logit: Double, code: LossWarning) throws {
    let formula = try Formula(parsing: text, mode: .binaryClass)
    let (exact, compiled) = try slopes(formula, [ProbeNumbers(.x, row: [logit]), ProbeNumbers(.q, row: [0])])
    #expect(!(abs(compiled - exact) <= 0.5 * exact.magnitude), "\(exact) and \(compiled)")
    let hazards = try Explanation(formula, mode: .binaryClass).hazards
    let hazard = try #require(hazards.first { $0.code == code }, "\(hazards.map(\.message))")
    let shown = try slopes(formula, hazard.numbers)
    #expect(!(abs(shown.compiled - shown.exact) <= 0.5 * shown.exact.magnitude), "\(hazard.message)")
  }

  /// Autograd's −g ((a ÷ d) ÷ d) overflows at the shown input, where the compiled program is finite.
  @Test(arguments: [
    (Mode.regression, "Tanh(Div(Sub(I,U),I))"), (.binaryClass, "Tanh(Div(PY,X))"), (.binaryClass, "Mul(PY,Div(1,X))"),
    (.multiClass, "Dot(Y,Tanh(Div(Z,X)))"),
  ]) func backwardOfAQuotientOverflowsInPyTorch(mode: Mode, text: String) throws {
    let formula = try Formula(parsing: text, mode: mode)
    let hazards = try Explanation(formula, mode: mode).hazards
    let hazard = try #require(hazards.first { $0.code == .fp32AutogradOverflow }, "\(hazards.map(\.message))")
    guard case .binary(.div, let dividend, let divisor) = formula.nodes[hazard.node] else {
      Issue.record("\(hazard)")
      return
    }
    let inputs = inputs(hazard.numbers, mode).converted(to: Float.self)
    let a = try Program(formula.subformula(at: dividend), mode: mode).evaluate(inputs).value
    let d = try Program(formula.subformula(at: divisor), mode: mode).evaluate(inputs).value
    let overflows = d.indices.contains { k in
      let shifted = d[k] + 1e-20
      return ((a[a.count == d.count ? k : 0] / shifted) / shifted).isInfinite
    }
    #expect(overflows, "\(hazard.message)")
    let gradients = try Program(formula, mode: mode).evaluate(inputs).gradients
    let numbers = gradients.values.flatMap { $0 }
    #expect(numbers.allSatisfy { $0.isFinite }, "\(hazard.message)")
    let codes = LossWarning.codes(of: formula, mode: mode)
    #expect(codes.contains(.fp32AutogradOverflow))
  }

  /// The slope of the shown logit, in Double and in compiled Float.
  private func slopes(_ formula: Formula, _ numbers: [ProbeNumbers]) throws -> (exact: Double, compiled: Double) {
    let inputs = inputs(numbers, .binaryClass)
    let exact = try ReferenceEvaluator(formula, mode: .binaryClass).evaluate(inputs).gradients[.x]?.first
    let compiled = try Program(formula, mode: .binaryClass).evaluate(inputs.converted(to: Float.self)).gradients[.x]
    return (try #require(exact), Double(try #require(compiled?.first)))
  }

  private func inputs(_ numbers: [ProbeNumbers], _ mode: Mode) -> LossInputs<Double> {
    var inputs = LossInputs<Double>(rows: 1, classes: mode == .regression ? 1 : numbers.first?.row.count ?? 1)
    for number in numbers { inputs[number.variable] = number.row }
    return inputs
  }
}
