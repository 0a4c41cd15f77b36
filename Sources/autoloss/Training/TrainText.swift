import Foundation
import JSONValues
import Proxy
import Reporting
import Search

/// The results of `train` as text and as JSON.
enum TrainText {
  static func line(_ result: SeedResult) -> String {
    let measured = result.measurement
    let resumed = result.resumedAt.map { " (from step \($0))" } ?? ""
    switch measured.outcome {
    case .diverged(let step): return "seed \(result.seed): diverged at step \(step)\(resumed)"
    case .measured(let metrics):
      let numbers = metrics.sorted { $0.key < $1.key }.map { "\($0.key) " + String(format: "%.3f", $0.value) }
      return "seed \(result.seed): " + numbers.joined(separator: "  ") + resumed
    case .scored(let ap, let ap50, let ap75):
      return "seed \(result.seed): "
        + String(
          format: "AP %.3f  AP50 %.3f  AP75 %.3f  %.1f s  %.0f images/s", ap, ap50, ap75, measured.seconds,
          measured.imagesPerSecond)
        + (result.masks.map { String(format: "  masks: AP %.3f  AP50 %.3f  AP75 %.3f", $0.ap, $0.ap50, $0.ap75) } ?? "")
        + resumed
    }
  }

  /// By the names of the JSON contract; those of masks where the detector finds them.
  private static func spreads(_ results: [SeedResult]) -> [(metric: String, spread: SeedSpread)] {
    let boxes = ScoreMetric.allCases.map { metric in
      (metric: metric.rawValue, spread: SeedSpread(results.compactMap { $0.measurement.outcome.value(metric) }))
    }
    let masks = results.compactMap(\.masks)
    return masks.isEmpty ? boxes : boxes + maskMetrics.map { ($0.name, SeedSpread(masks.map($0.value))) }
  }

  private static var maskMetrics: [(name: String, value: (MaskScore) -> Double)] {
    [("mask_AP", { $0.ap }), ("mask_AP50", { $0.ap50 }), ("mask_AP75", { $0.ap75 })]
  }

  static func table(_ plan: TrainingPlan, _ results: [SeedResult], name: String) -> String {
    var table = TextTable([
      .init("metric (\(plan.scoreOn.rawValue) of \(name))"), .init("mean ± std over seeds", .right),
    ])
    for (metric, spread) in spreads(results) { table.add(metric, spread.description) }
    let diverged = diverged(results)
    return diverged == 0
      ? table.description
      : table.description + "\n\(diverged) of \(results.count) seeds diverged: the means are those of the others"
  }

  private static func diverged(_ results: [SeedResult]) -> Int { results.count { $0.evaluation == nil } }

  static func json(_ plan: TrainingPlan, _ results: [SeedResult]) -> JSONValue {
    let spreads = spreads(results)
    return [
      "task": .string(plan.space.task.rawValue), "detector": .string(plan.space.detector.kind.rawValue),
      "data": .string(plan.data), "loss_cls": .string(plan.classification), "loss_reg": .string(plan.regression),
      "init": .string(plan.space.initialWeights.description), "split": .string(plan.scoreOn.rawValue),
      "runs": .array(results.map(json)), "diverged": .int(diverged(results)),
      "mean": .object(spreads.map { .init($0.metric, .double($0.spread.mean)) }),
      "std": .object(spreads.map { .init($0.metric, .double($0.spread.standardDeviation)) }),
    ]
  }

  private static func json(_ result: SeedResult) -> JSONValue {
    let measured = result.measurement
    var members: [JSONValue.Member] = [.init("seed", .int(Int(clamping: result.seed)))]
    for metric in ScoreMetric.allCases {
      members.append(.init(metric.rawValue, measured.outcome.value(metric).map { .double($0) } ?? .null))
    }
    if let masks = result.masks {
      members += maskMetrics.map { .init($0.name, .double($0.value(masks))) }
    }
    if case .diverged(let step) = measured.outcome { members.append(.init("diverged_at_step", .int(step))) }
    if let step = result.resumedAt { members.append(.init("resumed_at_step", .int(step))) }
    members.append(.init("seconds", .double(measured.seconds)))
    members.append(.init("images_per_second", .double(measured.imagesPerSecond)))
    return .object(members)
  }
}
