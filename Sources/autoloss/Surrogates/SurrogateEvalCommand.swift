import ArgumentParser
import Foundation
import Surrogates

/// What a surrogate loss evaluates to, or how a trained segmenter scores.
struct SurrogateEvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract:
      "Value and gradient of surrogate losses on given logits and labels, or the scores of a trained segmenter.",
    discussion: """
      EXAMPLE: autoloss surrogate eval --checkpoint runs/mine/seed-1.safetensors --data my-folder
      EXAMPLE: autoloss surrogate eval --batch losses.jsonl --json

      Lines of kind "inputs" give {"id", "logits", "label"}: logits images × classes × rows × columns, labels images × \
      rows × columns with 255 for ignored pixels. Lines of kind "loss" give {"id", "metric", "theta", "inputs"} and, \
      where they differ from the usual, "parameterization" (bezier, piecewise_linear), "tol" (5), "drop_bg" (false), \
      "loss_weight" (1); theta holds the control points x1, y1, x2, y2, … curve after curve. Each is answered by \
      {"id", "line", "value", "grad"}. Other kinds are passed over, keys that nobody reads are errors. Rows that cannot be answered are error rows; the exit \
      code is then 2.
      """)

  @Option(help: "JSON Lines file of inputs and losses, answered line by line.")
  var batch: String?
  @OptionGroup(title: "Scores of a segmenter") var segmenter: SegmenterScoring
  @OptionGroup var output: OutputOptions

  func run() throws {
    switch (batch, segmenter.checkpoint) {
    case (let batch?, nil):
      if let other = segmenter.given.first {
        throw InputError("\(other): is for --checkpoint; the rows of --batch say everything, leave it out")
      }
      try answer(batch)
    case (nil, let checkpoint?): try segmenter.run(checkpoint, json: output.json)
    case (nil, nil), (_?, _?):
      throw InputError(
        "surrogate eval: give --batch with a file of JSON Lines, or --checkpoint with a segmenter, one of both")
    }
  }

  /// Answers line by line on standard output; says on standard error how many rows failed, and the first of them in full.
  private func answer(_ file: String) throws {
    let data = try InputFile.read(file, option: "--batch", form: "a file of JSON Lines")
    var rows = SurrogateBatch()
    var count = 0
    var failures: [SurrogateBatch.Answer] = []
    data.withUnsafeBytes { bytes in
      rows.answer(lines: bytes) { answer in
        count += 1
        if case .failure = answer.result { failures.append(answer) }
        Console.print(output.json ? answer.json : Self.text(answer))
      }
    }
    if count == 0 { Console.error("warning: --batch \(file): has no lines of kind loss to answer") }
    guard let first = failures.first, case .failure(let failure) = first.result else { return }
    let others = failures.dropFirst().prefix(9).map { "\($0.line)" } + (failures.count > 10 ? ["…"] : [])
    throw InputError(
      "--batch \(file): line \(first.line)\(failure.key.map { ", key \($0)" } ?? ""): \(failure.message)"
        + (others.isEmpty ? "" : " (also line\(others.count == 1 ? "" : "s") \(others.joined(separator: ", ")))"))
  }

  private static func text(_ answer: SurrogateBatch.Answer) -> String {
    let head = "line \(answer.line)" + (answer.id.isNull ? "" : "  id \(answer.id.string ?? answer.id.description)")
    switch answer.result {
    case .success(let numbers):
      let largest = numbers.gradient.reduce(0) { max($0, abs($1)) }
      return "\(head)  \(numbers.metric.rawValue)  value \(numbers.value)  largest gradient \(largest)"
    case .failure(let failure): return "\(head)  error \(failure.code.rawValue): \(failure.message)"
    }
  }
}
