import JSONValues
import Formulas
import Losses
import Reporting
import Screening

/// A formula as `eval-expr` sees it: what it is, and whether it is sound.
struct Expression {
  let formula: Formula
  let mode: Mode

  /// From a formula or the name of a built-in loss.
  init(_ text: String, mode: Mode?) throws(LossReferenceError) {
    (formula, self.mode) = try LossReference.formula(text, mode: mode)
  }

  /// What the formula is.
  func description() throws(FormulaError) -> [JSONValue.Member] {
    [
      .init("formula", .string(formula.description)), .init("mode", .string(mode.rawValue)),
      .init("canonical", .string(formula.canonical(in: mode).description)), .init("nodes", .int(formula.nodeCount)),
      .init("depth", .int(formula.depth)), .init("shape", .string(try formula.shape(in: mode).rawValue)),
      .init("original_tool_issues", .array(formula.originalToolIssues.map { .string($0.message) })),
    ]
  }

  /// The verdict of the convergence properties, and of the descent simulation when asked for.
  func verdict(simulating: Bool) -> [JSONValue.Member] {
    var rejection = Verifier().verify(formula, mode: mode).rejection
    if simulating, rejection == nil { rejection = DescentSimulation().run(formula, mode: mode).rejection }
    return [
      .init("verdict", rejection == nil ? "pass" : "reject"),
      .init("rejection", rejection.map { Self.json($0) } ?? .null),
    ]
  }

  private static func json(_ rejection: Rejection) -> JSONValue {
    [
      "code": .string(rejection.code), "stage": .string(rejection.stage.rawValue),
      "message": .string(rejection.message),
    ]
  }
}
