import Foundation
import JSONValues
import Losses
import Reporting
import RunStore
import Surrogates

/// What a finished search for a surrogate says: every theta with its reward, the best, the table of the hold-out.
public struct SurrogateResult: Sendable {
  public let configuration: SurrogateConfiguration
  /// Every trained theta, in the order of submission.
  public let history: [SurrogateTrial]
  /// What cross entropy reaches where the rewards are measured; nil where the metric is not defined.
  public let crossEntropyReward: Double?
  /// Best first.
  public let best: [FoundTheta]
  /// Cross entropy on search-val, one value for each promotion seed.
  public let defaultScores: SeedSpread
  /// Seeds of the final scoring, in the order of every row's values.
  public let seeds: [UInt64]
  public let rows: [SegmentationRow]
}

/// A theta that was tried.
public struct SurrogateTrial: Sendable {
  public let id: Int
  /// From 0; the policy's last mean has the number after the last generation.
  public let generation: Int
  /// Whether it is the policy's mean rather than a sample.
  public let isMean: Bool
  /// Control points.
  public let theta: [Double]
  public let outcome: ScoreOutcome
}

/// A theta that the search found.
public struct FoundTheta: Sendable {
  /// Control points.
  public let theta: [Double]
  /// On search-val, one value for each promotion seed.
  public let scores: SeedSpread
}

/// One line of the hold-out table.
public struct SegmentationRow: Sendable {
  public let name: String
  public let loss: SegmentationLossChoice
  /// One for each seed.
  public let outcomes: [ScoreOutcome]

  /// The seeds' values; nil when a training diverged or the metric is not defined.
  public func spread(_ metric: SegmentationMetric) -> SeedSpread? {
    let values = outcomes.compactMap { $0.value(metric) }
    return values.count == outcomes.count ? SeedSpread(values) : nil
  }
}

extension SurrogateResult {
  var space: SurrogateSpace { configuration.space }

  /// Thetas whose training diverged.
  var diverged: Int {
    history.reduce(0) { count, trial in
      switch trial.outcome {
      case .diverged: count + 1
      case .scored, .measured: count
      }
    }
  }

  /// The summary line of `surrogate search --json`; times, paths and hosts stand nowhere in it.
  public func summary(run: String) -> JSONValue {
    [
      "type": "summary", "run": .string(run), "seed": .int(Int(clamping: configuration.seed)),
      "task": .string(space.task.rawValue), "metric": .string(space.metric.rawValue),
      "generations": .int(space.search.generations), "trained": .int(history.count), "diverged": .int(diverged),
      "best": .array(best.map(bestRow)), "holdout": holdOut,
    ]
  }

  private func bestRow(_ found: FoundTheta) -> JSONValue {
    [
      "theta": .array(found.theta.map { .double($0) }),
      "parameterization": .string(space.surrogate.parameterization.rawValue),
      "score": .double(found.scores.mean), "std": .double(found.scores.standardDeviation),
      "default_score": .double(defaultScores.mean),
    ]
  }

  private var holdOut: JSONValue {
    [
      "metrics": .array(SegmentationMetric.allCases.map { .string($0.rawValue) }),
      "seeds": .array(seeds.map { .int(Int(clamping: $0)) }),
      "steps": .int(space.training.final.schedule.steps), "rows": .array(rows.map(\.json)),
    ]
  }

  /// The hold-out table: mean ± standard deviation over the seeds in every metric, and the paired difference to cross
  /// entropy in the metric of the search.
  public var table: TextTable {
    var table = TextTable(
      [.init("loss")] + SegmentationMetric.allCases.map { .init($0.rawValue, .right) }
        + [.init("\(space.metric.rawValue) − ce [95 %]", .right)])
    for row in rows {
      table.add(
        cells: [row.name] + SegmentationMetric.allCases.map { row.spread($0).map(\.description) ?? "–" }
          + [row.name == rows.last?.name ? "" : paired(row, space.metric)?.difference ?? "–"])
    }
    return table
  }

  /// A row minus cross entropy, seed by seed; nil when either diverged.
  func paired(_ row: SegmentationRow, _ metric: SegmentationMetric) -> SeedSpread? {
    rows.last?.spread(metric).flatMap { row.spread(metric)?.paired(minus: $0) }
  }

  /// What the command prints at the end and `summary.txt` holds.
  public var text: String {
    let metric = space.metric.rawValue
    var lines = [
      "\(history.count) thetas trained"
        + (diverged > 0 ? ", \(diverged) of them diverged" : "")
        + "; cross entropy reaches \(metric) \(crossEntropyReward.map(Self.short) ?? "–") with the same seed", "",
      "Best on search-val (\(metric), mean over seeds; cross entropy \(defaultScores)):",
    ]
    for (rank, found) in best.enumerated() {
      lines.append("  \(rank + 1)  \(found.scores)  theta \(Self.text(found.theta))")
    }
    if best.isEmpty { lines.append("  every theta diverged with some seed") }
    lines += ["", "Hold-out, scored once, \(SeedSpread.heading(seeds.count)):"]
    return (lines + table.lines).joined(separator: "\n")
  }

  static func short(_ value: Double) -> String { String(format: "%.3f", value) }

  static func text(_ theta: [Double]) -> String { "[" + theta.map(short).joined(separator: ", ") + "]" }
}

extension SegmentationRow {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [.init("name", .string(name))]
    if case .surrogate(let parameters) = loss {
      members.append(.init("theta", .array(parameters.theta.map { .double($0) })))
    }
    for metric in SegmentationMetric.allCases {
      members.append(
        .init(metric.rawValue, .array(outcomes.map { $0.value(metric).map(JSONValue.double) ?? .null })))
    }
    members.append(.init("mean", statistic(\.mean)))
    members.append(.init("std", statistic(\.standardDeviation)))
    return .object(members)
  }

  private func statistic(_ number: (SeedSpread) -> Double) -> JSONValue {
    .object(
      SegmentationMetric.allCases.map { metric in
        .init(metric.rawValue, spread(metric).map { .double(number($0)) } ?? .null)
      })
  }
}
