import JSONValues
import Evolution
import Formulas
import Reporting
import RunStore

/// What a finished search says: the funnel, the best combinations, the table of the hold-out.
public struct SearchResult: Sendable {
  public let configuration: RunConfiguration
  public let tally: SearchTally
  /// Generations after the initial one.
  public let generations: Int
  /// Best first.
  public let best: [FoundCombination]
  /// The default losses on the proxy, one value for each promotion seed.
  public let defaultScores: SeedSpread
  /// Seeds of the final scoring, in the order of every row's values.
  public let seeds: [UInt64]
  public let rows: [HoldOutRow]
  /// Of the candidates that were trained on the proxy, in the order of submission; nil where one diverged.
  public let proxyScores: [Double?]
}

/// A combination that the search found.
public struct FoundCombination: Sendable {
  public let genome: Genome
  public let losses: LossPair
  /// On search-val, one value for each promotion seed.
  public let scores: SeedSpread
}

/// One line of the hold-out table.
public struct HoldOutRow: Sendable {
  public let name: String
  public let losses: LossPair
  /// One for each seed.
  public let outcomes: [ScoreOutcome]

  /// The seeds' values; nil when a training diverged.
  public func spread(_ metric: String) -> SeedSpread? {
    let values = outcomes.compactMap { $0.value(metric) }
    return values.count == outcomes.count ? SeedSpread(values) : nil
  }
}

extension SearchResult {
  /// The summary line of `evolve --json`; times, paths and hosts stand nowhere in it.
  public func summary(run: String) -> JSONValue {
    .object([
      .init("type", "summary"), .init("run", .string(run)), .init("seed", .int(Int(clamping: configuration.seed))),
      .init("task", .string(configuration.space.task.rawValue)),
      .init("branch", .string(configuration.space.branch.rawValue)), .init("generations", .int(generations)),
      .init("generated", .int(tally.generated)), .init("duplicate", .int(tally.duplicate)),
      .init(
        "rejected",
        .object(tally.rejected.sorted { $0.key < $1.key }.map { .init($0.key, .int($0.value)) })),
      .init("simulated", .int(tally.simulated)), .init("proxy_trained", .int(tally.proxyTrained)),
      .init("best", .array(best.enumerated().flatMap { bestRows($0.element, rank: $0.offset + 1) })),
      .init("holdout", holdOut),
    ])
  }

  /// One row for each varied formula of a combination.
  private func bestRows(_ found: FoundCombination, rank: Int) -> [JSONValue] {
    found.genome.branchFormulas(configuration.space.task).map { part in
      [
        "formula": .string(part.formula.description), "mode": .string(part.mode.rawValue),
        "score": .double(found.scores.mean), "nodes": .int(part.formula.nodeCount), "combination": .int(rank),
        "loss_cls": .string(found.losses.classification), "loss_reg": .string(found.losses.regression),
        "std": .double(found.scores.standardDeviation), "default_score": .double(defaultScores.mean),
      ]
    }
  }

  private var holdOut: JSONValue {
    [
      "metrics": .array(space.metricNames.map { .string($0) }),
      "seeds": .array(seeds.map { .int(Int(clamping: $0)) }),
      "steps": .int(space.steps.final), "rows": .array(rows.map { $0.json(space.metricNames) }),
    ]
  }

  /// The hold-out table: mean ± standard deviation over the seeds, and the paired difference to the last row (the usual
  /// losses) in the metric that the search selects by.
  public var table: TextTable {
    let names = space.metricNames
    var table = TextTable(
      [.init("losses")] + names.map { .init($0, .right) } + [
        .init("\(space.metricName) − \(space.task.usualLosses) [95 %]", .right)
      ])
    for row in rows {
      let difference = row.name == rows.last?.name ? "" : paired(row, space.metricName)?.difference ?? "–"
      table.add(cells: [row.name] + names.map(row.text) + [difference])
    }
    return table
  }

  /// A row minus the usual losses, seed by seed; nil when either diverged.
  func paired(_ row: HoldOutRow, _ metric: String) -> SeedSpread? {
    rows.last?.spread(metric).flatMap { row.spread(metric)?.paired(minus: $0) }
  }

  /// What the command prints at the end and `summary.txt` holds.
  public var text: String {
    var lines = [tally.funnel.table.description, "", "Best on search-val (\(space.metricName), mean over seeds):"]
    for (offset, found) in best.enumerated() {
      lines.append("  found-\(offset + 1)  \(found.scores)   (default losses \(defaultScores))")
      if space.task == .segmentation {
        lines.append("    \(found.losses.classification)")
      } else {
        lines.append("    classification  \(found.losses.classification)")
        lines.append("    regression      \(found.losses.regression)")
      }
    }
    if best.isEmpty { lines.append("  no candidate reached the proxy with every seed") }
    lines += ["", "Hold-out, scored once, \(SeedSpread.heading(seeds.count)):"]
    return (lines + table.lines).joined(separator: "\n")
  }

  private var space: SearchSpace { configuration.space }
}

extension HoldOutRow {
  fileprivate func text(_ metric: String) -> String { spread(metric).map(\.description) ?? "diverged" }

  fileprivate func json(_ metrics: [String]) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("name", .string(name)), .init("loss_cls", .string(losses.classification)),
      .init("loss_reg", .string(losses.regression)),
    ]
    for metric in metrics {
      let values = outcomes.map { $0.value(metric).map(JSONValue.double) ?? .null }
      members.append(.init(metric, .array(values)))
    }
    members.append(.init("mean", statistic(metrics, \.mean)))
    members.append(.init("std", statistic(metrics, \.standardDeviation)))
    return .object(members)
  }

  private func statistic(_ metrics: [String], _ number: (SeedSpread) -> Double) -> JSONValue {
    .object(metrics.map { metric in .init(metric, spread(metric).map { .double(number($0)) } ?? .null) })
  }
}
