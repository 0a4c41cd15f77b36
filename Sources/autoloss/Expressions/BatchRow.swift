import Formulas
import JSONValues
import Losses
import Screening

/// One answer of a batch in plain text: the line of the file, what was found, and the first of the numbers.
struct BatchRow {
  let answer: EvaluationAnswer
  let judgement: RowJudge.Judgement?

  private static let shownNumbers = 6

  var text: String {
    let head = ["line \(answer.line)"] + (answer.id.isNull ? [] : ["id \(answer.id.string ?? answer.id.description)"])
    switch answer.result {
    case .failure(let failure):
      let lines = failure.message.split(separator: "\n", omittingEmptySubsequences: false)
      let first = head + ["error \(failure.code): \(lines.first ?? "")"]
      return ([first.joined(separator: "  ")] + lines.dropFirst().map { "  " + $0 }).joined(separator: "\n")
    case .success(let response):
      let first = head + [response.mode.rawValue, response.shape.rawValue]
      return ([first.joined(separator: "  ")] + numbers(of: response) + verdict).joined(separator: "\n")
    }
  }

  private func numbers(of response: EvaluationResponse) -> [String] {
    guard let numbers = response.numbers else { return ["  formula only, no inputs given"] }
    let gradients = numbers.gradients.map { ("grad \($0.variable.rawValue)", $0.json) }
    return ([("value", numbers.value)] + gradients).map { name, json in
      Self.row(name, json.map { Self.shown((try? JSONValue(parsing: $0)) ?? .null) } ?? "none, no dependence")
    }
  }

  private var verdict: [String] {
    guard let judgement else { return [] }
    var rows = [Self.row("canonical", judgement.canonical.description)]
    if let print = judgement.fingerprint {
      rows.append(Self.row("gradient", "fingerprint \(print.description), family \(print.familyDescription)"))
    }
    if let line = judgement.duplicateOf { rows.append(Self.row("same as", "line \(line), by its canonical form")) }
    let reason = judgement.rejection.map { "reject (\($0.code): \($0.message))" }
    return rows + [Self.row("verdict", reason ?? "pass")]
  }

  private static func row(_ name: String, _ text: String) -> String {
    "  " + name + String(repeating: " ", count: max(1, 11 - name.count)) + text
  }

  /// The first numbers, and how many there are.
  private static func shown(_ value: JSONValue) -> String {
    let numbers = flat(value)
    let first = numbers.prefix(shownNumbers).map(EvaluationTable.text).joined(separator: ", ")
    return numbers.count > shownNumbers ? "\(first), … (\(numbers.count) numbers; --json has all)" : first
  }

  private static func flat(_ value: JSONValue) -> [Double] {
    value.elements.map { $0.flatMap(flat) } ?? value.number.map { [$0] } ?? []
  }
}
