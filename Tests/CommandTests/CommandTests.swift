import Foundation
import GoldenData
import Testing

/// Good and bad command lines with their exit codes and messages.
@Suite struct CommandTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var status: Int32
    /// Words that must stand on standard output, or on standard error when the status is not 0.
    var words: [String]

    init(_ arguments: [String], _ status: Int32, _ words: String...) {
      (self.arguments, self.status, self.words) = (arguments, status, words)
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let verbs = [
    "evolve", "eval-expr", "train", "pretrain", "detect", "coco-eval", "surrogate", "report", "runs", "spaces",
    "losses", "doctor",
  ]

  static let good: [Case] = [
    Case(["--version"], 0, "autoloss 0."),
    Case(["--help"], 0, "EXAMPLE"),
    Case(["--generate-completion-script", "bash"], 0, "complete"),
    Case(["eval-expr", "Neg(Dot(Y,Log(Softmax(X))))"], 0, "MULTI_CLS", "perSample"),
    Case(
      ["eval-expr", "Neg(Dot(Y,Log(Softmax(X))))", "--verify", "--json"], 0, "\"verdict\":\"pass\"",
      "\"rejection\":null"),
    Case(
      ["eval-expr", "Dot(Y,Log(Softmax(X)))", "--verify", "--json"], 0, "\"verdict\":\"reject\"",
      "\"code\":\"notMonotone\""),
    Case(["eval-expr", "Sub(1,Div(I,U))", "--simulate"], 0, "pass"),
    Case(["eval-expr", "Sig(X)", "--mode", "BINARY_CLS"], 0, "BINARY_CLS"),
    Case(["eval-expr", "giou", "--plot", "giou.svg", "--format", "latex"], 0, "frac"),
    Case(["eval-expr", "cse-autoloss-b", "--mode", "BINARY_CLS", "--plot", "b.png", "--json"], 0, "BINARY_CLS"),
    Case(["spaces"], 0, "detection-twostage", "demo"),
    Case(["spaces", "detection-onestage"], 0, "BINARY_CLS", "kind: atss"),
    Case(["evolve", "--task", "detection-onestage", "--dry-run"], 0, "plan"),
    Case(["evolve", "--task", "segmentation", "--metric", "BIoU", "--dry-run"], 0, "metric: BIoU"),
    Case(["spaces", "detection-twostage"], 0, "# Search space", "evolution:"),
    Case(["spaces", "detection-twostage", "--json"], 0, "\"yaml\""),
    Case(["spaces", "detection-twostage", "--set", "evolution.generations=77"], 0, "generations: 77"),
    Case(
      ["spaces", "detection-onestage", "--resolved", "--set", "detector.oneStage.collapsesBoxWeights=true"], 0,
      "collapsesBoxWeights: true"),
    Case(["losses"], 0, "giou", "cse-autoloss-b"),
    Case(["losses", "show", "cse-autoloss-a"], 0, "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))"),
    Case(["losses", "equal", "Sub(1,Div(I,U))", "Neg(Div(I,U))"], 0, "the same loss"),
    Case(["losses", "equal", "linear-iou", "Neg(Div(I,U))"], 0, "the same loss"),
    Case(["losses", "equal", "cross-entropy", "Neg(Dot(Y,Log(Softmax(X))))"], 0, "the same loss"),
    Case(["eval-expr", "giou", "--verify", "--json"], 0, "\"formula\":\"Add(Sub(1,Div(I,U))", "\"verdict\":\"pass\""),
    Case(["evolve", "--dry-run", "--data", "nowhere"], 0, "plan", "candidatesPerGeneration"),
    Case(["evolve", "--dry-run", "--json", "--profile", "demo"], 0, "\"type\":\"plan\""),
    Case(["doctor", "--json"], 0, "\"ok\":true", "oneDNN"),
  ]

  static let bad: [Case] = [
    Case(["evolve", "--task", "segmentation", "--metric", "miou", "--dry-run"], 2, "did you mean 'mIoU'?"),
    Case(["evolve", "--metric", "mIoU", "--dry-run"], 2, "--task segmentation"),
    Case(["evolve", "--task", "segmentation", "--branch", "reg", "--dry-run"], 2, "--branch"),
    Case(["train", "--task", "segmentation"], 2, "surrogate train"),
    Case(["pretrain", "--task", "segmentation"], 2, "--task segmentation"),
    Case(["evovle"], 2, "evovle"),
    Case(["evolve", "--taks", "x"], 2, "--task"),
    Case(["evolve", "--task", "detection"], 2, "detection-twostage"),
    Case(["evolve", "--branch", "both"], 2, "joint"),
    Case(["evolve", "--workers", "0"], 2, "--workers 0"),
    Case(["evolve", "--seed", "-1"], 2, "--seed"),
    Case(["evolve", "--data", "no-such-folder"], 2, "no-such-folder"),
    Case(["evolve", "--data", ""], 2, "--data: is empty"),
    Case(["evolve", "--out", ""], 2, "--out: is empty"),
    Case(["evolve", "--set", "evolution.generations=9223372036854775807"], 2, "evolution.generations"),
    Case(["evolve", "--dry-run", "--set", "data.height=0"], 2, "height"),
    Case(["eval-expr", "Sub(1,Div(I,U))", "--inputs", "none.json"], 2, "none.json", "no such text file"),
    Case(["train", "--loss-cls", "plain-file.yaml"], 2, "plain-file.yaml", "loss card"),
    Case(["evolve", "--resume", "--out", "no-run"], 2, "no-run", "no run"),
    Case(["evolve", "--space", "no.yaml"], 2, "no.yaml"),
    Case(["evolve", "--set", "evolution.generatoins=3"], 2, "did you mean 'evolution.generations'?"),
    Case(["evolve", "--set", "evolution.parents=99"], 2, "parents must not exceed populationSize"),
    Case(["evolve", "--profile", "fast"], 2, "demo"),
    Case(["evolve", "--out", "plain-file/run", "--data", "synthetic", "--profile", "demo"], 2, "plain-file"),
    Case(["evolve", "--dry-run", "--set", "warmStart.regression=[l1]"], 2, "warmStart.regression", "no formula"),
    Case(
      ["evolve", "--dry-run", "--set", "defaults.classification=croos-entropy"], 2, "did you mean 'cross-entropy'?"),
    Case(["eval-expr", "giou", "--plot", "giou.gif"], 2, "giou.gif", ".svg or .png"),
    Case(["eval-expr", "giou", "--plot", "nowhere/giou.svg"], 2, "nowhere", "there is no folder"),
    Case(["eval-expr", "giou", "--plot", "nowhere/giou.png"], 2, "nowhere", "there is no folder"),
    Case(["eval-expr"], 2, "give a formula"),
    Case(["eval-expr", "l1"], 2, "encoded deltas"),
    Case(["eval-expr", "Neg(Dot(Y,Log(Sofmax(X))))"], 2, "did you mean 'Softmax'?", "^"),
    Case(["eval-expr", "Neg(X"], 2, "^"),
    Case(["eval-expr", "Sig(X)"], 2, "--mode"),
    Case(["eval-expr", "--batch", "none.jsonl"], 2, "none.jsonl"),
    Case(["eval-expr", "Sub(1,Div(I,U))", "--inputs", "plain-file"], 2, "plain-file"),
    Case(["train", "--detector", "fcos", "--task", "detection-twostage"], 2, "--detector fcos"),
    Case(["train", "--detector", "yolo"], 2, "faster-rcnn"),
    Case(["train", "--detector", "fcos", "--loss-cls", "cse-autoloss-a"], 2, "cse-autoloss-a"),
    Case(["train", "--loss-cls", "cross-entropi"], 2, "did you mean 'cross-entropy'?"),
    Case(["train", "--loss-reg", "Neg(X)"], 2, "--loss-reg"),
    Case(["train", "--loss-cls", "no-card.yaml"], 2, "no-card.yaml"),
    Case(["train", "--seeds", "0"], 2, "--seeds 0"),
    Case(["train", "--steps", "0"], 2, "steps"),
    Case(["coco-eval", "--gt", "none.json", "--dt", "none.json"], 2, "none.json"),
    Case(["surrogate", "eval", "--batch", "none.jsonl"], 2, "none.jsonl"),
    Case(["coco-eval", "--gt", "plain-file", "--dt", "plain-file"], 2, "plain-file"),
    Case(["report", "no-run"], 2, "no-run"),
    Case(["runs", "no-folder"], 2, "no-folder"),
    Case(["spaces", "detection-threestage"], 2, "detection-twostage"),
    Case(["losses", "show", "giu"], 2, "did you mean 'giou'?"),
    Case(["losses", "equal", "Sub(1,Div(I,U))", "Neg(Log(Div(I,U)))"], 1),
    Case(["losses", "equal", "linear-iou", "Neg(Dot(Y,X))"], 2, "no primitive of REG"),
    Case(["losses", "equal", "Dot(Dot(Y,X),1)", "Dot(Y,X)"], 2, "sums over the samples"),
    Case(["losses", "equal", "linear-iou", "linear-iuo"], 2, "did you mean 'linear-iou'?"),
    Case(
      ["losses", "equal", "giou", "cross-entropy"], 2, "'cross-entropy' is a loss of MULTI_CLS and BINARY_CLS, not"),
    Case(
      ["losses", "equal", "cross-entropy", "giou"], 2, "'cross-entropy' is a loss of MULTI_CLS and BINARY_CLS, not"),
    Case(["losses", "equal", "cross-entropy", "focal"], 2, "say which with --mode"),
    Case(["losses", "equal", "giou", "iou", "--mode", "MULTI_CLS"], 2, "'giou' is a loss of REG, not of MULTI_CLS"),
    Case(["losses", "equal", "giou"], 2, "it is compared with"),
    Case(["losses", "show", "."], 2, "names:"),
    Case(["losses", "giou"], 2, "losses show NAME"),
    Case(["losses", "equl", "giou", "iou"], 2, "did you mean 'equal'?"),
    Case(["eval-expr", "Add(giou,U)"], 2, "no part of a formula", "\n      ^"),
    Case(["eval-expr", "I/U"], 2, "no operators; write"),
    Case(["eval-expr", "giou", "--inputs", "twice.json"], 2, "has U beside inputs"),
    Case(["eval-expr", "giou", "--inputs", "null.json"], 2, "inputs is null and must be an object"),
    Case(["eval-expr", "giou", "--mode", "MULTI_CLS"], 2, "'giou' is a loss of REG, not of MULTI_CLS"),
    Case(["eval-expr", "gioou"], 2, "did you mean 'giou'?", "`autoloss losses`"),
    Case(["eval-expr", "mylosss"], 2, "`autoloss losses`"),
    Case(["eval-expr", "Nég(X)"], 2, "'é' (U+00E9) is not ASCII", "\n   ^"),
    Case(["eval-expr", "Add(U,1e400)"], 2, "too large"),
    Case(["eval-expr", ""], 2, "the formula is empty"),
    Case(["eval-expr", "giou", "--plot", ".svg"], 2, ".svg", "ending without a name"),
    Case(["eval-expr", "giou", "--plot", "./.png"], 2, "ending without a name"),
    Case(["eval-expr", "giou", "--format", "latex", "--inputs", "none.json"], 2, "--format latex", "--inputs"),
    Case(["eval-expr", "giou", "--format", "python", "--verify", "--simulate"], 2, "--verify and --simulate"),
    Case(["eval-expr", "giou", "--format", "json", "--inputs", "none.json"], 2, "none.json", "no such text file"),
    Case(["eval-expr", "giou", "--inputs", "."], 2, "--inputs .: is a directory"),
    Case(["eval-expr", "giou", "--inputs", ""], 2, "--inputs: is empty"),
    Case(["eval-expr", "giou", "--inputs", "wide.json"], 2, "--inputs wide.json: line 1, column 1", "UTF-16", "iconv"),
    Case(["eval-expr", "giou", "--inputs", "latin.json"], 2, "line 2, column 3: byte 0xE9 is no valid UTF-8"),
    Case(["eval-expr", "giou", "--inputs", "letters.json"], 2, "inputs.Z is no variable of REG", "U, I, E"),
    Case(["eval-expr", "--batch", "."], 2, "--batch .: is a directory"),
    Case(["eval-expr", "--batch", ""], 2, "--batch: is empty"),
    Case(["eval-expr", "--batch", "wide.json"], 2, "--batch wide.json: line 1, column 1", "UTF-16"),
    Case(["eval-expr", "--batch", "latin.json"], 1, "2 of 2 rows failed; the first is line 1"),
    Case(["eval-expr", "--batch", "letters.json", "--inputs", "letters.json"], 2, "does not go with --inputs"),
    Case(["eval-expr", "--batch", "letters.json", "--plot", "a.svg"], 2, "does not go with --plot"),
    Case(["eval-expr", "giou", "--batch", "letters.json"], 2, "not both"),
  ]

  @Test(arguments: good) func goodCommandsEndWithZero(command: Case) throws {
    let output = try withScratchFolder { try Command.run(command.arguments, in: $0) }
    #expect(output.status == 0, "\(output.err)")
    for word in command.words { #expect(output.out.contains(word), "\(word) in \(output.out)") }
  }

  @Test(arguments: bad) func badCommandsSayWhereAndHow(command: Case) throws {
    let output = try withScratchFolder { folder in
      try Data("no JSON, no YAML: [".utf8).write(to: folder.appendingPathComponent("plain-file"))
      let wide = Data([0xFF, 0xFE] + Array("{\"U\":[1]}".utf8).flatMap { [$0, 0] })
      try wide.write(to: folder.appendingPathComponent("wide.json"))
      try Data(Array("{\"U\":\n \"".utf8) + [0xE9, 0x22, 0x7D]).write(to: folder.appendingPathComponent("latin.json"))
      try Data("{\"inputs\":{},\"U\":[1]}".utf8).write(to: folder.appendingPathComponent("twice.json"))
      try Data("{\"inputs\":null}".utf8).write(to: folder.appendingPathComponent("null.json"))
      try Data("{\"U\":[1],\"Z\":[1]}".utf8).write(to: folder.appendingPathComponent("letters.json"))
      return try Command.run(command.arguments, in: folder)
    }
    #expect(output.status == command.status, "\(output.err)")
    for word in command.words { #expect(output.err.contains(word), "\(word) in \(output.err)") }
    #expect(!output.err.contains("Fatal error"), "\(output.err)")
  }

  @Test(arguments: [
    (
      ["linear-iou", "Neg(Div(I,U))"], ["the same loss", "observed, not proved"],
      ["\"equal\":true", "\"proved\":false"]
    ),
    (
      ["Add(I,U)", "Add(U,I)"], ["the same loss", "proves it", "a + b = b + a"], ["\"equal\":true", "\"proved\":true"]
    ),
    (["Div(I,U)", "Mul(3,Div(I,U))"], ["one family", "3 times"], ["\"same_family\":true", "\"scale\":3"]),
    (
      ["linear-iou", "iou"], ["different losses", "predicted [", "gradient of the predicted corners"],
      ["\"witness\":{\"inputs\":{\"U\":[", "\"gradients\":[["]
    ),
  ]) func twoLossesAreCompared(losses: [String], words: [String], members: [String]) throws {
    let (text, json) = try withScratchFolder { folder in
      (
        try Command.run(["losses", "equal"] + losses, in: folder),
        try Command.run(["losses", "equal"] + losses + ["--json"], in: folder)
      )
    }
    #expect(text.status == (text.out.hasPrefix("the same loss") ? 0 : 1) && json.status == text.status)
    for word in words { #expect(text.out.contains(word), "\(word) in \(text.out)") }
    for member in members { #expect(json.out.contains(member), "\(member) in \(json.out)") }
  }

  @Test(arguments: verbs) func everyVerbHasHelpWithAnExample(verb: String) throws {
    let output = try withScratchFolder { try Command.run([verb, "--help"], in: $0) }
    #expect(output.status == 0 && output.out.contains("EXAMPLE: autoloss \(verb)"), "\(output.out)")
    if verb != "losses" { #expect(output.out.contains("--json")) }
  }

  @Test func theGoldenExpressionsAreValidInput() throws {
    let file = GoldenFile("expressions.jsonl")
    let output = try withScratchFolder { try Command.run(["eval-expr", "--batch", file.url.path, "--json"], in: $0) }
    let rows = try file.rows()
    let lines = output.out.split(separator: "\n")
    // Rows that combine N with N×C are refused.
    #expect(output.status == 0 && lines.count == rows.count)
    #expect(output.err.contains("6 of \(rows.count) rows failed"), "\(output.err)")
    for (row, line) in zip(rows, lines) {
      let id = try #require(row["id"].string)
      #expect(line.hasPrefix("{\"id\":\"\(id)\","), "the order of the input: \(id)")
    }
  }

  @Test func aBadLineOfABatchIsAnErrorLine() throws {
    try withScratchFolder { folder in
      let file = folder.appendingPathComponent("batch.jsonl")
      let lines = [
        "{\"id\":1,\"formula\":\"Neg(X)\",\"mode\":\"MULTI_CLS\",\"inputs\":{\"X\":[[1,\"nan\"]]}}", "nonsense",
        "{\"id\":3,\"formula\":\"Neg(\",\"mode\":\"MULTI_CLS\"}", "{\"id\":4,\"formula\":\"I\",\"inputs\":{\"I\":[2]}}",
      ]
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      let output = try Command.run(["eval-expr", "--batch", file.path, "--json"], in: folder)
      let answers = output.out.split(separator: "\n")
      #expect(output.status == 0 && answers.count == 4)
      #expect(output.err.contains("2 of 4 rows failed; the first is line 2: this line is no JSON"), "\(output.err)")
      #expect(answers[0].contains("[[-1.0,\"nan\"]]") && answers[1].contains("\"error\""))
      #expect(answers[2].contains("\"error\"") && answers[3].contains("\"grad\""))
    }
  }
}
