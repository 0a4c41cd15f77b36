import Foundation
import Formulas
import GoldenData
import Losses
import Testing

/// The `eval-expr --batch` contract on the golden files as they are.
@Suite struct EvaluationRequestTests {
  private func lines(_ name: String) throws -> [String] {
    try String(contentsOf: GoldenFile(name).url, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func everyGoldenExpressionIsAnsweredWithinItsTolerance() throws {
    var refused: [String] = []
    for (line, row) in zip(try lines("expressions.jsonl"), try GoldenFile("expressions.jsonl").rows()) {
      let answer = try GoldenValue(parsing: EvaluationRequest.answer(line: line))
      let id = row["id"].string ?? ""
      #expect(answer["id"].string == id)
      guard answer["error"].isNull else {
        #expect(answer["error"]["code"].string == "sampleWithElement")
        #expect(answer["error"]["position"].int != nil)
        refused.append(id)
        continue
      }
      #expect(answer["value"].shape == row["shape"].array?.compactMap(\.int), "\(id)")
      GoldenExpression.expect(answer["value"].doubles, row["value"], tolerance: row["tol"], "\(id) value")
      for (name, expected) in row["grad"].object ?? [:] {
        #expect(answer["grad"][name].isNull == expected.isNull, "\(id) \(name)")
        guard !expected.isNull else { continue }
        #expect(answer["grad"][name].shape == expected.shape, "\(id) \(name)")
        GoldenExpression.expect(
          answer["grad"][name].doubles, expected, tolerance: row["gtol"][name], "\(id) gradient \(name)")
      }
    }
    #expect(refused == GoldenExpressionTests.refused)
  }

  @Test func whatTheOriginalRefusesIsRefusedButForSinAndCosOfALiteral() throws {
    var accepted = 0
    let rows = try GoldenFile("expressions_errors.jsonl").rows()
    for (line, row) in zip(try lines("expressions_errors.jsonl"), rows) {
      let answer = try GoldenValue(parsing: EvaluationRequest.answer(line: line))
      let text = row["formula"].string ?? ""
      // What is left when every literal under Sin or Cos is a computed constant, as the original takes it.
      let mended = text.replacing(/(Sin|Cos)\(([0-9]+)\)/) { "\($0.output.1)(Neg(Neg(\($0.output.2))))" }
      let mode = try #require(row["mode"].string.flatMap(Mode.init(rawValue:)))
      let isSoundWhenMended = mended != text && (try? Formula(parsing: mended, mode: mode)) != nil
      #expect(answer["error"].isNull == isSoundWhenMended, "\(text): \(answer["error"]["message"].string ?? "")")
      if answer["error"].isNull {
        accepted += 1
        #expect(row["exception"].string == "AttributeError", "\(text)")
        #expect(answer["original_tool_issues"].array?.isEmpty == false, "\(text)")
      } else {
        #expect(answer["error"]["code"].string?.isEmpty == false, "\(text)")
      }
    }
    #expect(rows.count == 114)
    #expect(accepted > 20 && accepted < 60)
  }

  /// Lines that are no requests, and what is said about them.
  @Test(arguments: [
    ("", "badJSON"), ("{", "badJSON"), ("[1]", "badJSON"), ("{}", "badRequest"), (#"{"formula":3}"#, "badRequest"),
    (#"{"id":1,"formula":"X","mode":"CLS"}"#, "badRequest"), (#"{"id":"a","formula":"X"}"#, "ambiguousMode"),
    (#"{"id":"a","formula":"Exp(U","inputs":{"U":[1]}}"#, "unclosedParenthesis"),
    (#"{"id":"a","formula":"Exp(U)","inputs":{"I":[1]}}"#, "missingInput"),
    (#"{"id":"a","formula":"Exp(U)","inputs":{}}"#, "missingInput"),
    (#"{"id":"a","formula":"Exp(U)","inputs":{"U":[[1]]}}"#, "inputShape"),
    (#"{"id":"a","formula":"Add(U,I)","inputs":{"U":[1],"I":[1,2]}}"#, "inputShape"),
    (#"{"id":"a","formula":"Mul(X,Y)","inputs":{"X":[[1,2],[3]]}}"#, "inputShape"),
    (#"{"id":"a","formula":"Exp(U)","inputs":{"U":["x"]}}"#, "inputShape"),
    (#"{"id":"a","formula":"Exp(U)","inputs":[1]}"#, "inputShape"), (#"{"formula":"3","mode":"REG"}"#, "bareLiteral"),
  ]) func aBadLineIsAnErrorLine(line: String, code: String) throws {
    let answer = try GoldenValue(parsing: EvaluationRequest.answer(line: line))
    #expect(answer["error"]["code"].string == code)
    #expect(!(answer["error"]["message"].string ?? "").isEmpty)
  }

  @Test func nonFiniteNumbersAreStrings() {
    let line = #"{"id":7,"mode":"REG","formula":"Log(U)","inputs":{"U":["inf","nan",-1,"-inf",1]}}"#
    let answer = EvaluationRequest.answer(line: line)
    #expect(answer.contains(#""value":["inf","nan","nan","nan",0.0]"#), "\(answer)")
    #expect(answer.hasPrefix(#"{"id":7,"#))
  }

  /// A text, and what stands in the answers to its lines.
  @Test(arguments: [
    ("", []), ("\n \r\n\t\n\u{B}\n", []), (#"{"formula":"U"}"#, ["perSample"]),
    ("{\"formula\":\"U\"}\r\n{\"formula\":\"I\"}\n", ["perSample", "perSample"]),
    ("{\"id\":\"\u{2028}\u{85}\",\"formula\":\"U\"}\n", ["\u{2028}\u{85}"]),
    ("\u{FEFF}{\"formula\":\"U\"}\n\u{FEFF}\n{\"formula\":\"Neg(\0)\"}", ["perSample", "badJSON", "badJSON"]),
    ("{\"formula\":\"Neg(\\u0000)\"}", ["unexpectedCharacter"]),
    (
      "{\"formula\":\"" + String(repeating: "Neg(", count: 100_000) + "\"}\n" + String(repeating: "[", count: 100_000),
      ["tooDeep", "badJSON"]
    ),
    (
      String(repeating: "x", count: EvaluationRequest.maximumLineLength + 1) + "\n{\"formula\":\"U\"}",
      ["67108865 bytes", "perSample"]
    ),
  ]) func everyLineIsAnsweredOnItsOwn(text: String, words: [String]) {
    var answers: [String] = []
    Array(text.utf8).withUnsafeBytes { EvaluationRequest.answer(lines: $0) { answers.append($0) } }
    #expect(answers.count == words.count)
    for (answer, word) in zip(answers, words) { #expect(answer.contains(word), "\(answer)") }
  }

  @Test func bytesThatAreNoTextSpoilTheirLineAlone() {
    var answers: [String] = []
    let bytes: [UInt8] = [0xFF, 0xFE, 0x0A] + Array("{\"formula\":\"U\"}".utf8)
    bytes.withUnsafeBytes { EvaluationRequest.answer(lines: $0) { answers.append($0) } }
    #expect(answers.map { $0.contains("badJSON") } == [true, false])
  }

  /// No rows, or rows of no classes: formula, inputs, value, gradient.
  @Test(arguments: [
    ("Add(U,1)", #"{"U":[]}"#, "[]", "[]"), ("Mul(2,Add(1,U))", #"{"U":[]}"#, "[]", "[]"),
    ("Dot(X,Y)", #"{"X":[],"Y":[]}"#, "[]", "[]"), ("Dot(X,Y)", #"{"X":[[],[]],"Y":[[],[]]}"#, "[0.0,0.0]", "[[],[]]"),
    ("Neg(Dot(Y,Log(Softmax(X))))", #"{"X":[[],[]],"Y":[[],[]]}"#, "[-0.0,-0.0]", "[[],[]]"),
    ("Softmax(Add(Neg(X),Y))", #"{"X":[[],[]],"Y":[[],[]]}"#, "[[],[]]", "[[],[]]"),
    ("Dot(Dot(X,Y),1)", #"{"X":[],"Y":[]}"#, "0.0", "[]"),
  ]) func emptyBatchesHaveEmptyAnswers(formula: String, inputs: String, value: String, gradient: String) {
    let mode = formula.contains("U") ? "REG" : "MULTI_CLS"
    for precision in EvaluationPrecision.allCases {
      let line = #"{"mode":"\#(mode)","formula":"\#(formula)","inputs":\#(inputs)}"#
      let answer = EvaluationRequest.answer(line: line, precision: precision)
      #expect(answer.contains("\"value\":\(value),"), "\(precision) \(answer)")
      #expect(answer.contains("\":\(gradient)"), "\(precision) \(answer)")
    }
  }

  @Test func doublePrecisionAnswersWithTheReference() {
    let line = #"{"mode":"REG","formula":"Div(U,3)","inputs":{"U":[1]}}"#
    #expect(EvaluationRequest.answer(line: line).contains(#""value":[0.33333334]"#))
    #expect(EvaluationRequest.answer(line: line, precision: .double).contains(#""value":[0.3333333333333333]"#))
  }
}
