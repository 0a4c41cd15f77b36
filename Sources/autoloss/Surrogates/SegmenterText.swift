import Foundation
import JSONValues
import Losses
import Proxy
import Reporting
import Search

/// The results of `surrogate train` and `surrogate eval` as text and as JSON.
struct SegmenterText {
  /// The first of the scores.
  let metric: SegmentationMetric
  let theta: String
  /// As given, and the name of what was read.
  let data, name: String
  let split: LossTraining.Split
  let classes: [String]
  /// How boundaries are scored.
  let scoring: SegmentationScorer.Settings

  private var metrics: [SegmentationMetric] { [metric] + SegmentationMetric.allCases.filter { $0 != metric } }

  func line(_ result: SegmenterResult) -> String {
    let resumed = result.resumedAt.map { " (from step \($0))" } ?? ""
    switch result.outcome {
    case .diverged(let step): return "seed \(result.seed): diverged at step \(step)\(resumed)"
    case .scored(let scores):
      return "seed \(result.seed): " + line(scores)
        + String(format: "  %.1f s  %.0f images/s", result.seconds, result.imagesPerSecond) + resumed
    }
  }

  private func line(_ scores: SegmentationScores) -> String {
    metrics.map { String(format: "%@ %.3f", $0.rawValue, scores[$0]) }.joined(separator: "  ")
  }

  func table(_ results: [SegmenterResult]) -> String {
    let scores = results.compactMap(\.scores)
    var table = TextTable([
      .init("metric (\(split.rawValue) of \(name))"), .init("mean ± std over seeds", .right),
    ])
    for metric in metrics { table.add(metric.rawValue, SeedSpread(scores.map { $0[metric] }).description) }
    for (label, name) in classes.enumerated() {
      table.add("IoU of \(name)", SeedSpread(scores.map { $0.iou[label] }).description)
    }
    return table.description
  }

  func table(_ scores: SegmentationScores) -> String {
    var table = TextTable([.init("metric (\(split.rawValue) of \(name))"), .init("value", .right)])
    for metric in metrics { table.add(metric.rawValue, String(format: "%.3f", scores[metric])) }
    for (label, name) in classes.enumerated() {
      table.add("IoU of \(name)", String(format: "%.3f", scores.iou[label]))
    }
    return table.description
  }

  /// Of one checkpoint.
  func json(_ scores: SegmentationScores, of checkpoint: SegmenterCheckpoint) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("data", .string(data)), .init("split", .string(split.rawValue)), .init("loss", .string(theta)),
      .init("seed", .int(Int(clamping: checkpoint.seed))), .init("step", .int(checkpoint.state.step)),
    ]
    members += boundaries
    for metric in metrics { members.append(.init(metric.rawValue, .double(scores[metric]))) }
    members.append(.init("class_iou", classIoU(scores)))
    return .object(members)
  }

  private var boundaries: [JSONValue.Member] {
    [.init("tolerance", .int(scoring.tolerance)), .init("drop_background", .bool(scoring.dropsBackground))]
  }

  /// - Parameter training: what was trained; it decides the results.
  func json(_ results: [SegmenterResult], of training: SegmenterTraining) -> JSONValue {
    let spreads = metrics.map { metric in
      (metric, SeedSpread(results.compactMap { $0.scores?[metric] }))
    }
    let head: [JSONValue.Member] = [
      .init("metric", .string(metric.rawValue)), .init("theta", .string(theta)),
      .init("loss", .string(training.loss.description)), .init("data", .string(data)),
      .init("split", .string(split.rawValue)), .init("steps", .int(training.training.schedule.steps)),
    ]
    return .object(
      head + boundaries + [
        .init("runs", .array(results.map(json))),
        .init("mean", .object(spreads.map { .init($0.0.rawValue, .double($0.1.mean)) })),
        .init("std", .object(spreads.map { .init($0.0.rawValue, .double($0.1.standardDeviation)) })),
      ])
  }

  private func json(_ result: SegmenterResult) -> JSONValue {
    var members: [JSONValue.Member] = [.init("seed", .int(Int(clamping: result.seed)))]
    for metric in metrics {
      members.append(.init(metric.rawValue, result.scores.map { .double($0[metric]) } ?? .null))
    }
    if let scores = result.scores { members.append(.init("class_iou", classIoU(scores))) }
    if case .diverged(let step) = result.outcome { members.append(.init("diverged_at_step", .int(step))) }
    if let step = result.resumedAt { members.append(.init("resumed_at_step", .int(step))) }
    members.append(.init("seconds", .double(result.seconds)))
    members.append(.init("images_per_second", .double(result.imagesPerSecond)))
    return .object(members)
  }

  private func classIoU(_ scores: SegmentationScores) -> JSONValue {
    .object(zip(classes, scores.iou).map { .init($0, .double($1)) })
  }
}
