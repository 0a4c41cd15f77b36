import Formulas
import JSONValues
import Losses
import Screening

/// A formula as `eval-expr` sees it: what it is, how it reads, and whether it is sound.
struct Expression {
  let formula: Formula
  let mode: Mode
  /// The text it was given as, when that is the name of a built-in loss.
  let builtInName: String?

  /// From a formula or the name of a built-in loss.
  init(_ text: String, mode: Mode?) throws(LossReferenceError) {
    (formula, self.mode) = try LossReference.formula(text, mode: mode)
    let words = text.split(whereSeparator: \.isWhitespace)
    builtInName = words.count == 1 ? BuiltInLoss(rawValue: String(words[0]))?.rawValue : nil
  }

  /// What the formula is (the keys of design §5), how it reads, and what the explanation adds.
  func description(_ explanation: Explanation) -> [JSONValue.Member] {
    let head: [JSONValue.Member] = [
      .init("formula", .string(formula.description)), .init("mode", .string(mode.rawValue)),
      .init("canonical", .string(explanation.canonical.formula.description)), .init("nodes", .int(formula.nodeCount)),
      .init("depth", .int(formula.depth)), .init("shape", .string(explanation.shape.rawValue)),
      .init("original_tool_issues", .array(formula.originalToolIssues.map { .string($0.message) })),
    ]
    return head + [.init("infix", .string(formula.infix)), .init("latex", .string(formula.latex))] + explanation.json
  }

  /// `verdict` and `rejection` as they stand in JSON.
  static func verdict(_ rejection: Rejection?) -> [JSONValue.Member] {
    [
      .init("verdict", rejection == nil ? "pass" : "reject"),
      .init("rejection", rejection.map(\.json) ?? .null),
    ]
  }

  /// The verdict of the convergence properties and, when asked for, of the descent simulation.
  func judgement(simulating: Bool) -> ExpressionJudgement {
    ExpressionJudgement(
      verification: Verifier().verifyPlainly(formula, mode: mode),
      simulation: simulating ? DescentSimulation().report(formula, mode: mode) : nil)
  }
}

/// Whether a formula is a loss to train with.
struct ExpressionJudgement {
  let verification: Verdict
  /// Nil where it was not asked for; made also where the verification says "no", whose reason comes first.
  let simulation: SimulationReport?

  /// Why the formula is no loss to train with; nil when it passes.
  var rejection: Rejection? { verification.rejection ?? simulation?.rejection }

  /// In one line.
  var text: String {
    guard let rejection else { return simulation == nil ? "pass" : "pass (properties and simulation)" }
    return "reject (\(rejection.code): \(rejection.message))"
  }

  /// `verdict`, `rejection` and `judged_by`; with the simulation all of it.
  var members: [JSONValue.Member] {
    let stages: [Stage] = simulation == nil ? [.verify] : [.verify, .simulate]
    return Expression.verdict(rejection)
      + [.init("judged_by", .array(stages.map { .string($0.rawValue) }))]
      + (simulation.map { [.init("simulation", $0.json)] } ?? [])
  }
}
