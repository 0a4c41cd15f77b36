import Evolution
import Foundation
import JSONValues
import Reporting
import RunStore

/// A run as its folder shows it, finished or not.
public struct RunOverview: RunDescription {
  public let configuration: RunConfiguration
  public let tally: SearchTally
  /// The stored summary; nil while the run goes on.
  public let summary: JSONValue?
  private let position: SearchState?
  private let finalText: String?

  public init(_ store: RunStore) throws {
    configuration = try SearchStore.configuration(of: store)
    summary = try SearchStore.summary(of: store).map { try JSONValue(parsing: $0) }
    let state = try store.latestGeneration().map { try SearchState($0) }
    position = state
    finalText = try? String(contentsOf: store.folder.appendingPathComponent("summary.txt"), encoding: .utf8)
    tally = SearchTally(
      try store.candidates(), outcomes: try store.scores().mapValues(\.outcome),
      state: state ?? SearchState(seed: configuration.seed, scoreStep: 0), configuration: configuration)
  }

  public var dataName: String { configuration.dataName }
  public var searched: String {
    configuration.space.segmentation?.metric.rawValue ?? configuration.space.branch.rawValue
  }
  public var seed: UInt64 { configuration.seed }
  public var generated: Int { tally.generated }

  public func settings() throws -> String { try configuration.yaml() }

  /// `finished`, or where it stands.
  public var state: String {
    if summary != nil { return "finished" }
    guard let position else { return "started" }
    if position.phase == .final { return "final scoring" }
    return "generation \(position.generation)/\(configuration.space.evolution.generations), \(position.phase.rawValue)"
  }

  /// The best score on search-val.
  public var bestText: String {
    if let score = summary?["best"].elements?.first?["score"].number { return String(format: "%.3f", score) }
    return position?.population.best.map { String(format: "%.3f", $0.score) } ?? "–"
  }

  public func json(name: String) -> JSONValue {
    if let summary { return summary }
    return [
      "run": .string(name), "state": .string(state), "seed": .int(Int(clamping: configuration.seed)),
      "branch": .string(configuration.space.branch.rawValue), "generated": .int(tally.generated),
      "duplicate": .int(tally.duplicate),
      "rejected": .object(tally.rejected.sorted { $0.key < $1.key }.map { .init($0.key, .int($0.value)) }),
      "simulated": .int(tally.simulated), "proxy_trained": .int(tally.proxyTrained),
      "best": .array(
        (position?.population.best(5) ?? []).enumerated().flatMap { bestRows($0.element, rank: $0.offset + 1) }),
    ]
  }

  /// One row for each varied formula, with the keys of the final summary.
  private func bestRows(_ individual: Individual, rank: Int) -> [JSONValue] {
    individual.genome.branchFormulas(configuration.space.task).map { part in
      [
        "formula": .string(part.formula.description), "mode": .string(part.mode.rawValue),
        "score": .double(individual.score), "nodes": .int(part.formula.nodeCount), "combination": .int(rank),
      ]
    }
  }

  public func text(name: String) -> String {
    let head = [
      "\(name): \(state); \(configuration.space.task.rawValue) on \(dataName), "
        + "\(configuration.space.segmentation == nil ? "branch" : "formulas for") \(searched), seed \(configuration.seed)",
      "",
    ]
    if summary != nil, let finalText {
      return (head + [finalText.trimmingCharacters(in: .newlines), ""] + rejectionLines).joined(separator: "\n")
    }
    var best: [String] = ["", "Best so far on search-val (\(configuration.space.metricName)):"]
    for individual in position?.population.best(5) ?? [] {
      best.append("  " + String(format: "%.3f", individual.score) + "  \(individual.genome.text)")
    }
    return (head + [tally.funnel.table.description] + best + [""] + rejectionLines).joined(separator: "\n")
  }

  /// How many left for which reason, most frequent first.
  private var rejectionLines: [String] {
    var table = TextTable([.init("rejected because"), .init("candidates", .right)])
    for (code, count) in tally.rejected.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      table.add(code, count.grouped)
    }
    return tally.rejected.isEmpty ? [] : table.lines
  }
}
