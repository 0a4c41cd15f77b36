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

  /// The verdict of the convergence properties, and of the descent simulation when asked for.
  func verdict(simulating: Bool) -> [JSONValue.Member] { Self.verdict(rejection(simulating: simulating)) }

  /// `verdict` and `rejection` as they stand in JSON.
  static func verdict(_ rejection: Rejection?) -> [JSONValue.Member] {
    [
      .init("verdict", rejection == nil ? "pass" : "reject"),
      .init("rejection", rejection.map { json($0) } ?? .null),
    ]
  }

  /// Why the formula is no loss to train with; nil when it passes.
  func rejection(simulating: Bool) -> Rejection? {
    let rejection = Verifier().verify(formula, mode: mode).rejection
    return simulating && rejection == nil ? DescentSimulation().run(formula, mode: mode).rejection : rejection
  }

  private static func json(_ rejection: Rejection) -> JSONValue {
    [
      "code": .string(rejection.code), "stage": .string(rejection.stage.rawValue),
      "message": .string(rejection.message),
    ]
  }
}
