import Foundation
import GoldenData
import Testing

/// `surrogate eval --batch` as a user runs it.
@Suite struct SurrogateEvalTests {
  private static let inputs = #"{"kind":"inputs","id":"I","logits":[[[[1,2]],[[0,1]]]],"label":[[[0,1]]]}"#
  private static let loss = #"{"kind":"loss","id":"a","metric":"gAcc","theta":[0.5,0.5],"inputs":"I"}"#

  private func run(_ lines: [String], _ arguments: [String] = ["--json"]) throws -> Command.Output {
    try withScratchFolder { folder in
      try Data(lines.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("losses.jsonl"))
      return try Command.run(["surrogate", "eval", "--batch", "losses.jsonl"] + arguments, in: folder)
    }
  }

  @Test func theGoldenFileIsValidInput() throws {
    let path = GoldenFile("asl.jsonl").url.path
    let output = try withScratchFolder { try Command.run(["surrogate", "eval", "--batch", path, "--json"], in: $0) }
    #expect(output.status == 0 && output.err.isEmpty, "\(output.err)")
    let wanted = try GoldenFile("asl.jsonl").rows().filter { $0["kind"].string == "loss" }
    let found = try output.out.split(separator: "\n").map { try GoldenValue(parsing: String($0)) }
    #expect(found.map { $0["id"].string } == wanted.map { $0["id"].string } && found.count == 86)
    for (answer, row) in zip(found, wanted) {
      let (value, other) = (try #require(answer["value"].double), try #require(row["value"].double))
      #expect(value.isNaN && other.isNaN || abs(value - other) <= 1e-5, "\(value), \(other)")
    }
  }

  @Test func theTextNamesLineAndMetric() throws {
    let output = try run([Self.inputs, Self.loss], [])
    #expect(output.status == 0 && output.out.hasPrefix("line 2  id a  gAcc  value 0.5"), "\(output.out)")
    let nothing = try run([Self.inputs])
    #expect(nothing.status == 0 && nothing.err.contains("no lines of kind loss"), "\(nothing.err)")
  }

  @Test(arguments: [
    (#"{"kind":"loss","metric":"gAcc","theta":[0.5],"inputs":"I"}"#, "line 2, key theta: theta has 1 numbers"),
    (#"{"kind":"loss","metric":"gACC","theta":[0.5],"inputs":"I"}"#, "line 2, key metric: there is no metric 'gACC'"),
    (
      #"{"kind":"inputs","id":"J","logits":[[[[1,2]],[[0,1]]]],"label":[[[0,7]]]}"#,
      "line 2, key label: label[0][0][1] is 7: a label is 0 ... 1"
    ),
    (
      #"{"kind":"inputs","id":"J","logits":[[[[1,2]],[[0,1]]]],"label":[[[0],[1]]]}"#,
      "line 2, key label: label is 1 × 2 × 1"
    ),
    ("{", "line 2: this line is no JSON"),
  ]) func badRowsEndWithTwo(line: String, words: String) throws {
    let output = try run([Self.inputs, line, Self.loss])
    #expect(output.status == 2 && output.err.contains("--batch losses.jsonl: " + words), "\(output.err)")
    // The other rows are answered all the same.
    #expect(output.out.contains(#""error":{"code":"#) && output.out.contains(#""id":"a","line":3,"value":0.5"#))
  }
}
