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

  /// Inputs that would be passed over or misread, and the words that name the place and the mend.
  @Test(arguments: [
    (
      #"{"formula":"Exp(U)","inputs":{"U":[1],"Z":[1]}}"#,
      "inputs.Z is no variable of REG (it is one of MULTI_CLS): REG has U, I, E"
    ),
    (#"{"formula":"Neg(Dot(Y,X))","inputs":{"X":[[1]],"Y":[[1]],"Q":[[1]]}}"#, "MULTI_CLS has X, Y, Z"),
    (#"{"formula":"Exp(U)","inputs":{"u":[1]}}"#, "inputs.u is no variable: did you mean 'U'? REG has U, I, E"),
    (#"{"formula":"Exp(U)","inputs":{"U":[1],"note":"a"}}"#, "inputs.note is no variable: REG has"),
    (#"{"formula":"Exp(U)","inputs":{"U":[1,1e39]}}"#, "inputs.U[1] is 1e+39, too large for Float"),
    (#"{"formula":"Exp(U)","inputs":{"U":[1,null]}}"#, "U[1] is null"),
    (#"{"formula":"Exp(U)","inputs":{"U":3}}"#, "it is the number 3"),
    (#"{"formula":"Mul(X,Y)","inputs":{"X":[[1,2],[3]]}}"#, "X[1] has 1 numbers, the rows before it 2"),
    (#"{"formula":"Mul(X,Y)","inputs":{"X":[[1,2],[3,"x"]]}}"#, "X[1][1] is the text \"x\""),
    (#"{"formula":"Add(U,I)","inputs":{"U":[1],"I":[1,2]}}"#, "inputs.I has shape [2], inputs.U has [1]"),
    (#"{"formulla":"U"}"#, "'formulla' should be 'formula'"), (#"{"formula":3}"#, "the number 3 and no text"),
    (#"{"formula":"U","input":{"U":[1]}}"#, "'input' should be 'inputs'"),
    (#"{"formula":"U","U":[1]}"#, #"inputs is missing: write {"U":…} there"#),
    (#"{"U":[1]}"#, #"formula is missing: write {"id""#),
    (#"{"formula":"Add(giou,U)"}"#, "as `autoloss losses show giou` gives it"),
    (#"{"formula":"U","mode":7}"#, "the field mode is the number 7"),
    (#"{"formula":"gioou"}"#, "did you mean 'giou'?"),
    (#"{"formula":"giou","mode":"MULTI_CLS"}"#, "'giou' is a loss of REG"),
  ]) func whatWouldGoUnseenIsAnError(line: String, words: String) throws {
    let answer = try GoldenValue(parsing: EvaluationRequest.answer(line: line))
    let message = answer["error"]["message"].string ?? ""
    #expect(message.contains(words), "\(message)")
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
    Array(text.utf8).withUnsafeBytes { EvaluationRequest.answer(lines: $0) { answers.append($0.json()) } }
    #expect(answers.count == words.count)
    for (answer, word) in zip(answers, words) { #expect(answer.contains(word), "\(answer)") }
  }

  @Test func bytesThatAreNoTextSpoilTheirLineAlone() {
    var answers: [String] = []
    let good = Array("{\"formula\":\"U\"}\n".utf8)
    let bytes = [0xFF, 0xFE, 0x0A] + good + [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x0A] + good
    bytes.withUnsafeBytes { EvaluationRequest.answer(lines: $0) { answers.append($0.json()) } }
    #expect(answers.map { $0.contains("badJSON") } == [true, false, true, false])
    #expect(answers[0].contains("UTF-16, not UTF-8"), "\(answers[0])")
    #expect(answers[2].contains("column 3: byte 0xC3 is no valid UTF-8"), "\(answers[2])")
  }

  /// Numbers count every line of the text, also those that get no answer.
  @Test func answersCarryTheNumberOfTheirLine() throws {
    let text = "\n{\"id\":\"a\",\"formula\":\"U\"}\n \r\n\nnonsense\n{\"id\":2,\"formula\":\"X\"}"
    for (mode, failing) in [(Mode?.none, [5, 6]), (.multiClass, [2, 5]), (.binaryClass, [2, 5])] {
      var answers: [EvaluationAnswer] = []
      Array(text.utf8).withUnsafeBytes { EvaluationRequest.answer(lines: $0, mode: mode) { answers.append($0) } }
      #expect(answers.map(\.line) == [2, 5, 6])
      let failed = answers.filter { if case .failure = $0.result { true } else { false } }
      #expect(failed.map(\.line) == failing, "\(String(describing: mode))")
      for answer in answers {
        let json = try GoldenValue(parsing: answer.json(adding: [.init("extra", 1)]))
        #expect(json["line"].int == answer.line)
        #expect(json["error"].isNull == (json["extra"].int == 1))
      }
    }
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
