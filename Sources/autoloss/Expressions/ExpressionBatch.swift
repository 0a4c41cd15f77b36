import ArgumentParser
import Formulas
import Foundation
import JSONValues
import Losses
import Screening

/// `eval-expr --batch`: every line of a file evaluated and, where asked for, judged; lines that fail do not stop the rest.
struct ExpressionBatch {
  let file: String
  /// Of lines that name none.
  let mode: Mode?
  /// Whether every row gets canonical form, fingerprint and verdict.
  let isJudged: Bool
  let simulates: Bool
  let writesJSON: Bool

  /// Answers line by line on standard output and says on standard error how many failed.
  /// - Throws: `ExitCode` 1 when all did.
  func run() throws {
    let data = try InputFile.read(file, option: "--batch", form: "a file of JSON Lines")
    var judge = isJudged ? RowJudge(simulates: simulates) : nil
    var rows = 0
    var failures: [EvaluationAnswer] = []
    data.withUnsafeBytes { bytes in
      EvaluationRequest.answer(lines: bytes, mode: mode) { answer in
        let judgement = judge?.judge(answer)
        Console.print(
          writesJSON
            ? answer.json(adding: judgement?.json ?? []) : BatchRow(answer: answer, judgement: judgement).text)
        rows += 1
        if case .failure = answer.result { failures.append(answer) }
      }
    }
    if rows == 0 { Console.error("warning: --batch \(file): has no lines to answer") }
    if let summary = Self.summary(failures, of: rows, in: file) {
      Console.error(summary)
      // Rows that fail are answers, such as those of the golden file; a file without any other is a failure.
      if failures.count == rows { throw ExitCode(ExitStatus.failed.rawValue) }
    }
  }

  private static func summary(_ failures: [EvaluationAnswer], of rows: Int, in file: String) -> String? {
    guard let first = failures.first, case .failure(let failure) = first.result else { return nil }
    let reason = failure.message.split(separator: "\n").first ?? ""
    let others = failures.dropFirst().prefix(9).map { "\($0.line)" } + (failures.count > 10 ? ["…"] : [])
    return
      "error: --batch \(file): \(failures.count) of \(rows) rows failed; the first is line \(first.line): \(reason)"
      + (others.isEmpty ? "" : " (then line\(others.count == 1 ? "" : "s") \(others.joined(separator: ", ")))")
  }
}

/// Gives formulas their verdicts, and remembers where each canonical form came first.
struct RowJudge {
  let simulates: Bool
  private let verifier = Verifier()
  private var firstLines: [Mode: [Formula: Int]] = [:]

  init(simulates: Bool) { self.simulates = simulates }

  /// What is said of one formula.
  struct Judgement {
    let canonical: Formula
    let fingerprint: GradientFingerprint?
    /// The line that had this canonical form first; nil for the first itself.
    let duplicateOf: Int?
    let rejection: Rejection?

    /// The keys that `--verify` has for one formula, and `duplicate_of`.
    var json: [JSONValue.Member] {
      [
        .init("canonical", .string(canonical.description)),
        .init(
          "fingerprint",
          fingerprint.map { ["exact": .string($0.description), "family": .string($0.familyDescription)] } ?? .null),
        .init("duplicate_of", duplicateOf.map { .int($0) } ?? .null),
      ] + Expression.verdict(rejection)
    }
  }

  /// Nil for lines that hold no formula.
  mutating func judge(_ answer: EvaluationAnswer) -> Judgement? {
    guard case .success(let response) = answer.result else { return nil }
    let (formula, mode) = (response.formula, response.mode)
    let canonical = formula.canonical(in: mode)
    let first = firstLines[mode]?[canonical]
    if first == nil { firstLines[mode, default: [:]][canonical] = answer.line }
    var rejection = verifier.verify(formula, mode: mode).rejection
    if simulates, rejection == nil { rejection = DescentSimulation().run(formula, mode: mode).rejection }
    return Judgement(
      canonical: canonical, fingerprint: GradientFingerprint(formula, mode: mode), duplicateOf: first,
      rejection: rejection)
  }
}
