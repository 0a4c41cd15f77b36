import Foundation
import JSONValues
import Losses
import Reporting
import RunStore

/// A search for a surrogate as its folder shows it, finished or not.
struct SurrogateOverview: RunDescription {
  private let configuration: SurrogateConfiguration
  let summary: JSONValue?
  private let position: SurrogateState?
  private let finalText: String?
  /// Every trained theta with its reward, in the order of submission.
  private let rewards: [(theta: ThetaRecord, reward: Double)]

  init(_ store: RunStore) throws {
    let configuration = try SearchStore.configuration(of: store, as: SurrogateConfiguration.self)
    self.configuration = configuration
    summary = try SearchStore.summary(of: store).map { try JSONValue(parsing: $0) }
    position = try store.latestGeneration().map { try SurrogateState($0) }
    finalText = try? String(contentsOf: store.folder.appendingPathComponent("summary.txt"), encoding: .utf8)
    let outcomes = try store.scores().mapValues(\.outcome)
    rewards = try store.candidates().compactMap { record in
      let theta = try ThetaRecord(record)
      return outcomes[try configuration.request(theta).key].map { (theta, $0.reward(configuration.space.metric)) }
    }
  }

  private var metric: String { configuration.space.metric.rawValue }

  var dataName: String { configuration.dataName }
  var searched: String { metric }
  var seed: UInt64 { configuration.seed }
  var generated: Int { rewards.count }

  func settings() throws -> String { try configuration.yaml() }

  var state: String {
    if summary != nil { return "finished" }
    guard let position else { return "started" }
    switch position.phase {
    case .draw, .evaluate: return "generation \(position.generation + 1)/\(configuration.space.search.generations)"
    case .final: return "final scoring"
    }
  }

  var bestText: String {
    if let score = summary?["best"].elements?.first?["score"].number { return String(format: "%.3f", score) }
    return rewards.map(\.reward).max().map { String(format: "%.3f", $0) } ?? "–"
  }

  private var leaders: [(theta: ThetaRecord, reward: Double)] {
    Array(rewards.sorted { ($1.reward, $0.theta.id) < ($0.reward, $1.theta.id) }.prefix(5))
  }

  func json(name: String) -> JSONValue {
    if let summary { return summary }
    return [
      "run": .string(name), "state": .string(state), "seed": .int(Int(clamping: seed)),
      "task": .string(configuration.space.task.rawValue), "metric": .string(metric), "trained": .int(generated),
      "best": .array(
        leaders.map { leader in
          ["theta": .array(leader.theta.controlPoints.map { .double($0) }), "score": .double(leader.reward)]
        }),
    ]
  }

  func text(name: String) -> String {
    let head = "\(name): \(state); surrogate for \(metric) on \(dataName), seed \(seed)"
    if summary != nil, let finalText {
      return [head, "", finalText.trimmingCharacters(in: .newlines)].joined(separator: "\n")
    }
    return
      ([head, "", "Best so far on search-val (\(metric)), \(generated) thetas trained:"]
      + leaders.map {
        "  " + SurrogateResult.short($0.reward) + "  theta " + SurrogateResult.text($0.theta.controlPoints)
      }).joined(separator: "\n")
  }
}
