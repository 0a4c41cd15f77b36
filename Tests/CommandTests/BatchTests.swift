import Foundation
import Testing

/// `eval-expr --batch` and `--inputs`: numbered rows, verdicts, tables, exit codes.
@Suite struct BatchTests {
  private static let lines = [
    "", #"{"id":"a","formula":"linear-iou","inputs":{"U":[4,2],"I":[1,2],"E":[4,2]}}"#, "   ",
    #"{"id":"b","formula":"Sub(1,Div(I,U))"}"#, #"{"formula":"Add(U,I)"}"#,
    #"{"id":4,"formula":"Neg(Dot(Y,Log(Softmax(X))))","inputs":{"X":[[0,0]],"Y":[[1,0]]}}"#,
  ]

  private func run(_ lines: [String], _ arguments: [String]) throws -> Command.Output {
    try withScratchFolder { folder in
      try Data(lines.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("batch.jsonl"))
      return try Command.run(["eval-expr", "--batch", "batch.jsonl"] + arguments, in: folder)
    }
  }

  private func rows(_ output: Command.Output) throws -> [[String: Any]] {
    try output.out.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test(arguments: [["--json"], ["--format", "json"]]) func rowsCarryTheNumberOfTheirLine(form: [String]) throws {
    let output = try run(Self.lines, form)
    #expect(output.status == 0 && output.err.isEmpty, "\(output.err)")
    #expect(try rows(output).map { $0["line"] as? Int } == [2, 4, 5, 6])
    #expect(try rows(output).allSatisfy { $0["verdict"] == nil })
  }

  @Test func theTextNamesLinesAndNumbers() throws {
    let output = try run(Self.lines + ["{"], [])
    for words in [
      "line 2  id a  REG  perSample\n  value      0.75, 0\n", "line 4  id b  REG", "formula only, no inputs",
      "grad U     0.0625, 0.5\n", "grad E     none, no dependence", "line 7  error badJSON: this line is no JSON",
    ] { #expect(output.out.contains(words), "\(words) in \(output.out)") }
    #expect(output.status == 0 && output.err.contains("1 of 5 rows failed; the first is line 7: "), "\(output.err)")
  }

  @Test func everyRowGetsAVerdict() throws {
    let lines = Self.lines + [#"{"formula":"Neg("}"#, #"{"formula":"gioou"}"#]
    let output = try run(lines, ["--verify", "--json"])
    let rows = try rows(output)
    #expect(output.status == 0)
    #expect(
      output.err.contains("2 of 6 rows failed; the first is line 7: ") && output.err.contains("(then line 8)"),
      "\(output.err)")
    #expect(rows.map { $0["verdict"] as? String } == ["pass", "pass", "reject", "pass", nil, nil])
    #expect(rows.map { $0["duplicate_of"] as? Int } == [nil, 2, nil, nil, nil, nil])
    #expect(rows[0]["canonical"] as? String == rows[1]["canonical"] as? String)
    let prints = rows.map { ($0["fingerprint"] as? [String: Any])?["exact"] as? String }
    #expect(prints[0] == prints[1] && prints[0] != prints[2] && prints[0]?.isEmpty == false)
    #expect((rows[2]["rejection"] as? [String: Any])?["code"] is String)
    #expect(rows[0]["rejection"] is NSNull && rows[0]["value"] is [Any])
    let text = try run(lines, ["--simulate"])
    for words in ["verdict    pass", "verdict    reject (", "same as    line 2", "canonical  ", "fingerprint "] {
      #expect(text.out.contains(words), "\(words) in \(text.out)")
    }
  }

  /// The verdict of a row is that of the formula alone.
  @Test(arguments: ["giou", "Neg(I)", "cse-autoloss-b", "Dot(Y,X)", "Log(Sub(I,U))", "Mul(E,E)"])
  func rowsAreJudgedAsFormulasAre(formula: String) throws {
    let mode = formula == "Dot(Y,X)" ? "MULTI_CLS" : "REG"
    let row = try #require(
      try rows(run([#"{"formula":"\#(formula)"}"#], ["--mode", mode, "--verify", "--json"])).first)
    let alone = try withScratchFolder {
      try Command.run(["eval-expr", formula, "--mode", mode, "--verify", "--json"], in: $0)
    }
    let single = try #require(try rows(alone).first)
    for key in ["mode", "shape", "canonical", "fingerprint", "verdict", "rejection"] {
      let texts = try [row, single].map { object in
        let value = try #require(object[key], "\(key)")
        let data = try JSONSerialization.data(withJSONObject: [value], options: .sortedKeys)
        return String(decoding: data, as: UTF8.self)
      }
      #expect(texts[0] == texts[1], "\(key)")
    }
  }

  @Test func theModeIsThatOfLinesThatNameNone() throws {
    let lines = [#"{"formula":"Sig(X)"}"#, #"{"formula":"Sig(X)","mode":"MULTI_CLS"}"#]
    #expect(
      try rows(run(lines, ["--mode", "BINARY_CLS", "--json"])).map { $0["mode"] as? String } == [
        "BINARY_CLS", "MULTI_CLS",
      ])
    let output = try run(lines, ["--json"])
    #expect(output.status == 0 && output.err.contains("1 of 2 rows failed"), "\(output.err)")
  }

  @Test func aFileWhoseLinesAllFailIsAFailure() throws {
    let output = try run([#"{"formula":"Neg("}"#, "nonsense"], ["--json"])
    #expect(output.status == 1 && output.err.contains("2 of 2 rows failed"), "\(output.err)")
  }

  @Test func aFileWithoutLinesIsWarnedOf() throws {
    let output = try run(["", " "], ["--json"])
    #expect(output.status == 0 && output.out.isEmpty && output.err.contains("has no lines"), "\(output.err)")
  }

  @Test(arguments: [
    (
      "linear-iou", #"{"U":[4,2],"I":[1,2],"E":[4,2]}"#,
      ["  row  value    d/dU   d/dI\n", "    0   0.75  0.0625  -0.25\n", "no gradient of E"]
    ),
    (
      "Neg(Dot(Y,Log(Softmax(X))))", #"{"inputs":{"X":[[0,0]],"Y":[[1,0]]}}"#,
      ["  row     value  d/dX[0]  d/dX[1]\n", "    0  0.693147     -0.5      0.5"]
    ),
    ("Mul(PY,X)", #"{"X":[[1,2]],"PY":[[0,1]]}"#, ["value[0]  value[1]  d/dX[0]", "    0         0         2"]),
    ("Dot(Dot(Y,X),1)", #"{"X":[[1,2]],"Y":[[1,0]]}"#, ["value 1, one for the whole batch", "d/dX[1]"]),
    ("Exp(U)", #"{"U":[]}"#, ["no rows"]),
  ]) func inputsAreAnsweredByATable(formula: String, inputs: String, words: [String]) throws {
    try withScratchFolder { folder in
      try Data(inputs.utf8).write(to: folder.appendingPathComponent("inputs.json"))
      let output = try Command.run(["eval-expr", formula, "--inputs", "inputs.json"], in: folder)
      #expect(output.status == 0, "\(output.err)")
      for word in words { #expect(output.out.contains(word), "\(word) in \(output.out)") }
    }
  }

  @Test func longTablesAreCut() throws {
    let row = "[" + (0..<12).map(String.init).joined(separator: ",") + "]"
    let rows = "[" + Array(repeating: row, count: 50).joined(separator: ",") + "]"
    try withScratchFolder { folder in
      try Data("{\"X\":\(rows),\"PY\":\(rows)}".utf8).write(to: folder.appendingPathComponent("inputs.json"))
      let output = try Command.run(["eval-expr", "Mul(PY,X)", "--inputs", "inputs.json"], in: folder)
      #expect(output.out.contains("… and 10 more rows (--json has all)"), "\(output.out)")
      #expect(output.out.contains("… and 2 more classes (--json has all)") && !output.out.contains("d/dX[10]"))
    }
  }
}
