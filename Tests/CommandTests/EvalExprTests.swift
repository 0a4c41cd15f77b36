import Foundation
import Testing

/// What `eval-expr` writes in each of its forms.
@Suite struct EvalExprTests {
  private static let published =
    "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
    + "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))"

  private func run(_ arguments: [String]) throws -> Command.Output {
    try withScratchFolder { try Command.run(["eval-expr"] + arguments, in: $0) }
  }

  @Test func theTextExplainsTheFormula() throws {
    let output = try run([Self.published])
    #expect(output.status == 0, "\(output.err)")
    for words in [
      "Tree\n  Neg  [N,C]\n", "Mathematics\n  −(Q·", "LaTeX\n", "Canonical form\n", "by productCommutativity",
      "gradient fingerprint", "Properties: all 10 hold", "falling strictly in the logit of a positive", "Gradient\n",
      "Nearest known loss\n  is cse-autoloss-b\n", "Add(1,Serf(Sig(NY)))  1.623 wherever it has influence",
      "fp32DeadGradient  Add(1,Neg(Sig(X)))", "first at: X = 17, PY = 0, Q = 0", "verdict     pass", "deadCode",
    ] { #expect(output.out.contains(words), "\(words) in \(output.out)") }
  }

  @Test func boxLossesShowWhatTheUnitDoes() throws {
    let output = try run(["cse-autoloss-a", "--mode", "REG"])
    #expect(output.out.contains("Scale: the loss is another one in another unit") && output.out.contains("stride 32"))
    #expect(try run(["linear-iou"]).out.contains("Scale: none, the loss is the same in every unit"))
  }

  /// The keys of design §5 stand beside those of the explanation.
  @Test func theJSONHoldsEveryPart() throws {
    for arguments in [["--json"], ["--format", "json"]] {
      let output = try run(["Dot(Y,Log(Softmax(X)))", "--verify"] + arguments)
      let json = try #require(try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any])
      for key in [
        "formula", "mode", "canonical", "nodes", "depth", "shape", "verdict", "rejection", "original_tool_issues",
        "infix", "latex", "rules", "fingerprint", "warnings", "properties", "gradient", "nearest", "dead_parts",
        "hazards",
        "scale",
      ] { #expect(json[key] != nil, "\(key)") }
      let properties = try #require(json["properties"] as? [String: Any])
      let checks = try #require(properties["checks"] as? [[String: Any]])
      #expect(properties["passed"] as? Bool == false && checks.count == 10)
      #expect(checks.filter { $0["passed"] as? Bool == false }.count == 3)
    }
    let plain = try run(["linear-iou", "--json"])
    #expect(plain.out.contains("\"verdict\":\"pass\"") && plain.out.contains("\"verdict\":\"invariant\""))
    #expect(plain.out.contains("\"judged_by\":[\"verify\"]") && !plain.out.contains("\"simulation\""))
  }

  /// Start, end, steps and whether the target was reached, of every run, in text and in JSON.
  @Test(arguments: [
    (["cross-entropy", "--mode", "MULTI_CLS"], "24 rows of 3 logits", "trueClassProbability", true),
    (["cross-entropy", "--mode", "BINARY_CLS"], "24 rows of 21 logits", "lesserProbability", true),
    (["giou"], "32 disjoint boxes", "intersectionOverUnion", true),
    (["Neg(Log(Sub(1.02,Div(I,U))))", "--mode", "REG"], "32 overlapping boxes", "intersectionOverUnion", false),
  ]) func simulationShowsItsRuns(arguments: [String], samples: String, measure: String, passes: Bool) throws {
    let text = try run(arguments + ["--simulate"])
    #expect(text.status == 0, "\(text.err)")
    for words in [
      "Simulation: " + (passes ? "every run" : "rejected"), samples, " of 120", "start", "end", "needed", "mean loss",
      "in [0, 1]; a step is", "the first gradient sits in",
    ] { #expect(text.out.contains(words), "\(words) in \(text.out)") }
    let json = try JSONSerialization.jsonObject(with: Data(try run(arguments + ["--simulate", "--json"]).out.utf8))
    let members = try #require(json as? [String: Any])
    #expect(members["verdict"] as? String == (passes ? "pass" : "reject"))
    #expect(members["judged_by"] as? [String] == ["verify", "simulate"])
    let simulation = try #require(members["simulation"] as? [String: Any])
    #expect(simulation["passed"] as? Bool == passes && simulation["step_unit"] is String)
    let runs = try #require(simulation["runs"] as? [[String: Any]])
    let found = try #require(runs.first { $0["samples"] as? String == samples })
    #expect(found["measure"] as? String == measure)
    for key in [
      "start", "end", "best", "best_step", "required", "reached", "reached_at_step", "steps", "step_limit", "ending",
      "curve", "loss_start", "loss_end", "groups", "samples_at_required", "sample_count", "effective_samples",
      "reference",
    ] { #expect(found[key] != nil, "\(key)") }
    let curve = try #require(found["curve"] as? [Double])
    #expect(curve.count == (found["steps"] as? Int ?? 0) + 1 && curve.last == found["end"] as? Double)
  }

  /// The sign of a nan means nothing and is not printed.
  @Test func nanHasNoSign() throws {
    try withScratchFolder { folder in
      let equal = try Command.run(
        ["losses", "equal", "Sqrt(Neg(Exp(X)))", "X", "--mode", "BINARY_CLS"], in: folder)
      #expect(equal.out.contains("value nan") && !equal.out.contains("-nan"), "\(equal.out)")
    }
    let page = try run(["Sqrt(Neg(Exp(X)))", "--mode", "BINARY_CLS", "--simulate"])
    #expect(page.out.contains("no finite gradient") && !page.out.contains("-nan"), "\(page.out)")
    #expect(try run(["Sqrt(Neg(Exp(X)))", "--mode", "BINARY_CLS", "--json"]).out.contains("\"mean\":null"))
  }

  /// A hazard's `inputs` go back into `--inputs` as they are.
  @Test func hazardsGiveInputsThatCanBeEvaluated() throws {
    let formula = "Log(Sub(Div(I,U),0.5))"
    let json = try JSONSerialization.jsonObject(with: Data(try run([formula, "--json"]).out.utf8)) as? [String: Any]
    let hazards = try #require(json?["hazards"] as? [[String: Any]])
    let hazard = try #require(hazards.first { $0["code"] as? String == "logOfNegative" })
    let inputs = try JSONSerialization.data(withJSONObject: try #require(hazard["inputs"]))
    try withScratchFolder { folder in
      try inputs.write(to: folder.appendingPathComponent("inputs.json"))
      let output = try Command.run(["eval-expr", formula, "--inputs", "inputs.json", "--json"], in: folder)
      #expect(output.status == 0 && output.out.contains("\"value\":[\"nan\"]"), "\(output.err)")
      let text = try Command.run(["eval-expr", formula, "--inputs", "inputs.json"], in: folder)
      #expect(
        text.out.contains("On the inputs given\n  row  value ") && text.out.contains("\n    0    nan "), "\(text.out)")
    }
  }

  @Test(arguments: [
    ("latex", "-\\log", "\n\n"), ("python", "class CrossEntropyMULTICLSLoss(nn.Module):", "Properties"),
    ("swift", "enum CrossEntropyMULTICLSLoss", "Properties"),
  ]) func sourceFormsWriteNothingElse(format: String, words: String, absent: String) throws {
    let output = try run(["cross-entropy", "--mode", "MULTI_CLS", "--format", format])
    #expect(output.status == 0 && output.err.isEmpty, "\(output.err)")
    #expect(output.out.contains(words) || format == "latex", "\(output.out)")
    #expect(!output.out.contains(absent), "\(output.out)")
    if format == "latex" { #expect(output.out.contains("\\log") && output.out.split(separator: "\n").count == 1) }
  }

  @Test(arguments: [
    (["Sig(X)", "--mode", "BINARY_CLS", "--format", "yaml"], "latex"),
    (["Sig(X)", "--mode", "BINARY_CLS", "--format", "python", "--json"], "leave out --json"),
    (["--batch", "none.jsonl", "--format", "swift"], "--format"),
  ]) func badFormsAreUsageErrors(arguments: [String], words: String) throws {
    let output = try run(arguments)
    #expect(output.status == 2 && output.err.contains(words), "\(output.err)")
  }

  /// Formulas that are no losses are explained, whatever they do.
  @Test(arguments: [
    ["2", "--mode", "REG"], ["Dot(Dot(Y,X),1)"], ["X", "--mode", "MULTI_CLS"], ["Sqrt(Neg(U))"],
    ["Mul(1e300,Mul(1e300,Q))"], [String(repeating: "Exp(", count: 255) + "Q" + String(repeating: ")", count: 255)],
    [String(repeating: "Add(", count: 250) + "U" + String(repeating: ",Log(I))", count: 250)],
  ]) func whatIsNoLossIsExplained(arguments: [String]) throws {
    let text = try run(arguments)
    #expect(text.status == 0 && text.out.contains("verdict     reject ("), "\(text.err)")
    #expect(!text.out.contains("-nan") && !text.out.contains("see Properties"), "\(text.out)")
    let judged = try run(arguments + ["--verify"])
    #expect(judged.status == 0 && judged.out.contains("verdict     reject ("), "\(judged.err)")
    let json = try run(arguments + ["--json"])
    #expect((try? JSONSerialization.jsonObject(with: Data(json.out.utf8))) != nil)
  }
}
