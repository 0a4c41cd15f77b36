import JSONValues
import Losses
import Surrogates
import Testing

/// `surrogate eval --batch`: which rows are answered, and how bad ones are named.
@Suite struct SurrogateBatchTests {
  static let inputs = #"{"kind":"inputs","id":"I","logits":[[[[1,2]],[[0,1]]]],"label":[[[0,1]]]}"#

  private func answers(_ lines: [String]) -> [SurrogateBatch.Answer] {
    var found: [SurrogateBatch.Answer] = []
    var batch = SurrogateBatch()
    Array(lines.joined(separator: "\n").utf8).withUnsafeBytes { bytes in batch.answer(lines: bytes) { found.append($0) }
    }
    return found
  }

  @Test func rowsOfKindLossAreAnswered() throws {
    let found = answers([
      Self.inputs, "", #"{"kind":"bezier","theta":[]}"#,
      #"{"kind":"loss","id":7,"metric":"gAcc","theta":[0.5,0.5],"inputs":"I","loss_weight":2,"num_class":2}"#,
    ])
    let answer = try #require(found.first)
    #expect(found.count == 1 && answer.line == 4 && answer.id == 7)
    let json = try JSONValue(parsing: answer.json)
    // softmax of (1, 0) is (σ(1), σ(−1)); both pixels lean to class 0, one of them rightly.
    let value = try #require(json["value"].number)
    #expect(abs(value - 1) < 1e-6, "\(value)")
    #expect(json["grad"].elements?.count == 1 && json["line"] == 4)
  }

  @Test(arguments: [
    ("{", "badJSON", "no JSON"),
    ("[]", "badJSON", "no JSON object"),
    (#"{"id":1}"#, "badKey", "kind"),
    (#"{"kind":"inputs","logits":[],"label":[]}"#, "badKey", "id is missing"),
    (#"{"kind":"inputs","id":"J","logits":[[[[1,2]],[[0]]]],"label":[[[0,1]]]}"#, "wrongSize", "logits[0][1][0] has 1"),
    (#"{"kind":"inputs","id":"J","logits":[[[[1,"a"]]]],"label":[[[0,1]]]}"#, "wrongSize", "logits[0][0][0][1] is"),
    (#"{"kind":"inputs","id":"J","logits":[[[[1,2]]]],"label":[[[0,1,0]]]}"#, "wrongSize", "label is 1 × 1 × 3"),
    (#"{"kind":"inputs","id":"J","logits":[[[[1,2]]]],"label":[[[0,1]]]}"#, "labelOutside", "label[0][0][1] is 1"),
    (#"{"kind":"inputs","id":"J","logits":[[[[1,2]]]],"label":[[[0,0.5]]]}"#, "labelOutside", "label[0][0][1] is 0.5"),
    (
      #"{"kind":"inputs","id":"J","logits":[[[[1,"nan"]]]],"label":[[[0,0]]]}"#, "notFinite",
      "logits[0][0][0][1] is nan"
    ),
    (
      #"{"kind":"inputs","id":"J","logits":[[[[1],[2]],[[3],[-1e39]]]],"label":[[[0],[0]]]}"#, "notFinite",
      "logits[0][1][1][0] is -1e+39"
    ),
    (
      #"{"kind":"inputs","id":"J","logits":[[[[1]]],[[["-inf"]]]],"label":[[[0]],[[0]]]}"#, "notFinite",
      "logits[1][0][0][0]"
    ),
    (#"{"kind":"inputs","id":"J","logits":[[[[1]]]],"labels":[[[0]]]}"#, "badKey", "'labels': did you mean 'label'?"),
    (
      #"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"inputs":"I","tolerance":3}"#, "badKey",
      "'tolerance': did you mean 'tol'?"
    ),
    (
      #"{"kind":"loss","metric":"BF1","theta":[0.5],"inputs":"I","drop_background":true}"#, "badKey",
      "'drop_background': did you mean 'drop_bg'?"
    ),
    (#"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"input":"I"}"#, "badKey", "'input': did you mean 'inputs'?"),
    (#"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"inputs":"I","x":1}"#, "badKey", "'x': leave it out"),
    (#"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"inputs":"I","loss_weight":1e39}"#, "badKey", "too large"),
    (#"{"kind":"loss","metric":"mIoU","theta":[0.5,0.5,0.5,0.5],"inputs":"J"}"#, "unknownInputs", #"inputs is "J""#),
    (#"{"kind":"loss","metric":"mIoU","theta":[0.5],"inputs":"I"}"#, "wrongTheta", "theta has 1 numbers"),
    (#"{"kind":"loss","metric":"mIOU","theta":[0.5],"inputs":"I"}"#, "unknownMetric", "did you mean 'mIoU'"),
    (#"{"kind":"loss","theta":[0.5],"inputs":"I"}"#, "unknownMetric", "metric is missing"),
    (#"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"inputs":"I","tol":-1}"#, "wrongTolerance", "tolerance is -1"),
    (#"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"inputs":"I","tol":1.5}"#, "badKey", "tol"),
    (#"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"inputs":"I","num_class":3}"#, "wrongSize", "num_class is 3"),
    (
      #"{"kind":"loss","metric":"gAcc","theta":[0.5,0.5],"inputs":"I","parameterization":"spline"}"#,
      "unknownParameterization", "bezier, piecewise_linear"
    ),
  ]) func badRowsAreNamed(line: String, code: String, words: String) throws {
    let found = answers([Self.inputs, line])
    let answer = try #require(found.first)
    guard case .failure(let failure) = answer.result else {
      Issue.record("\(answer.json)")
      return
    }
    #expect(answer.line == 2 && failure.code.rawValue == code && failure.message.contains(words), "\(failure)")
    #expect(try JSONValue(parsing: answer.json)["error"]["code"].string == code)
  }
}
