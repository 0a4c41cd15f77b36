import JSONValues
import Reporting

extension SimulationReport {
  /// The runs as a section of plain text: a table, then what a reader asks of each run.
  public var section: ExplanationSection {
    guard !runs.isEmpty else {
      return ExplanationSection("Simulation: cannot start", [rejection?.message ?? ""])
    }
    let title = passed ? "Simulation: every run does what is asked" : "Simulation: rejected"
    var table = TextTable([
      .init(""), .init("run"), .init("start", .right), .init("end", .right), .init("needed", .right),
      .init("steps", .right), .init("ended by"), .init(runs.first?.reference?.name ?? "reference"),
    ])
    for run in runs {
      table.add(
        run.passed ? "✓" : "✗", run.samples, run.start.brief, run.end.brief, run.required?.brief ?? "finite",
        "\(run.ending.steps) of \(run.stepLimit)", run.ending.sentence, run.reference?.text ?? "")
    }
    let unit = runs.first?.measure.sentence ?? ""
    let lines =
      ["\(unit), in [0, 1]; a step is \(stepText)", ""] + table.lines + runs.flatMap { [""] + $0.details }
    return ExplanationSection(title, lines)
  }

  private var stepText: String {
    "\(stepSize.brief) \(stepUnit) along the gradient over its root mean square"
      + (mode == .regression ? ", shrinking to 0" : "")
  }

  /// For `eval-expr --json`.
  public var json: JSONValue {
    [
      "passed": .bool(passed), "rejection": rejection?.json ?? nil, "step_size": .double(stepSize),
      "step_unit": .string(stepUnit), "runs": .array(runs.map(\.json)),
    ]
  }
}

extension DescentRecord {
  /// What the run shows beyond its row of the table.
  fileprivate var details: [String] {
    var lines = ["\(samples): " + way]
    if let arrived, let required { lines.append("  \(arrived) of \(count) \(unit) end at \(required.brief) or more") }
    if groups.count > 1 {
      lines.append("  " + groups.map { "\($0.name) \($0.start.brief) → \($0.end.brief)" }.joined(separator: ", "))
    }
    lines.append("  mean loss \(startLoss.brief) → \(endLoss.brief)\(lossNote)")
    if let effectiveSamples {
      lines.append(
        "  the first gradient sits in \(effectiveSamples.brief) of \(rows) \(rowName) (all: they count alike)")
    } else {
      lines.append("  the first gradient is \(ending.code == "noGradient" ? "0" : "not finite")")
    }
    return lines
  }

  private var rowName: String { measure == .intersectionOverUnion ? "boxes" : "rows" }

  /// What the level of one sample belongs to.
  private var unit: String {
    switch measure {
    case .trueClassProbability: "rows"
    case .lesserProbability: "elements"
    case .intersectionOverUnion: "boxes"
    }
  }

  /// The level at a few steps: 0.31, at step 30 0.52, …
  private var way: String {
    let last = curve.count - 1
    let steps = last <= 4 ? Array(0...max(last, 0)) : (0...4).map { $0 * last / 4 }
    let text = steps.map { "\(curve[$0].brief) (step \($0))" }.joined(separator: " → ")
    let (step, level) = best
    return level > end + 0.005 ? text + "; best \(level.brief) (step \(step))" : text
  }

  /// Says where a falling loss does not bring the samples nearer.
  private var lossNote: String {
    guard !passed, startLoss.isFinite, endLoss.isFinite, required != nil else { return "" }
    if endLoss < startLoss, end <= start { return ": the loss falls, but not towards the target" }
    return endLoss >= startLoss ? ": the loss does not fall" : ""
  }

  fileprivate var json: JSONValue {
    let (bestStep, bestLevel) = best
    return [
      "samples": .string(samples), "measure": .string(measure.rawValue), "measure_text": .string(measure.sentence),
      "passed": .bool(passed), "start": .double(start), "end": .double(end), "best": .double(bestLevel),
      "best_step": .int(bestStep), "required": required.map { .double($0) } ?? nil,
      "reached": required.map { .bool(end >= $0) } ?? nil, "reached_at_step": arrival.map { .int($0) } ?? nil,
      "steps": .int(ending.steps), "step_limit": .int(stepLimit), "ending": .string(ending.code),
      "curve": .array(curve.map { .double($0) }), "loss_start": .double(startLoss), "loss_end": .double(endLoss),
      "groups": .array(
        groups.map { ["name": .string($0.name), "start": .double($0.start), "end": .double($0.end)] }),
      "samples_at_required": arrived.map { .int($0) } ?? nil, "sample_count": .int(count),
      "effective_samples": effectiveSamples.map { .double($0) } ?? nil, "gradient_samples": .int(rows),
      "reference": reference?.json ?? nil,
    ]
  }
}

extension DescentRecord.Reference {
  fileprivate var text: String {
    arrival.map { "\(end.brief), reached at step \($0)" } ?? end.brief
  }

  fileprivate var json: JSONValue {
    [
      "name": .string(name), "end": .double(end), "reached_at_step": arrival.map { .int($0) } ?? nil,
    ]
  }
}

extension Rejection {
  /// For JSON: `{"code","stage","message"}`.
  public var json: JSONValue {
    ["code": .string(code), "stage": .string(stage.rawValue), "message": .string(message)]
  }
}
