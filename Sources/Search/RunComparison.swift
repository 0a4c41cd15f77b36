import Foundation
import JSONValues
import Reporting

/// Two runs beside each other: where they stand, what they found, the settings in which they differ.
public struct RunComparison: Sendable {
  private let names: [String]
  private let runs: [any RunDescription]
  private let settings: [(key: String, values: [String])]

  /// - Parameters:
  ///   - first: a run with the name of its folder.
  ///   - second: the same; of either kind.
  public init(
    _ first: (name: String, run: any RunDescription), _ second: (name: String, run: any RunDescription)
  ) throws {
    (names, runs) = ([first.name, second.name], [first.run, second.run])
    settings = try YAMLText.differences(first.run.settings(), second.run.settings()).map {
      ($0.key, [YAMLText.short($0.ours), YAMLText.short($0.theirs)])
    }
  }

  public var text: String {
    var table = TextTable([.init("")] + names.map { .init($0) })
    func add(_ label: String, _ value: (any RunDescription) -> String) { table.add(cells: [label] + runs.map(value)) }
    add("state") { $0.state }
    add("data") { $0.dataName }
    add("searched") { $0.searched }
    add("seed") { "\($0.seed)" }
    add("candidates") { $0.generated.grouped }
    add("best on search-val") { $0.bestText }
    for (row, metric) in holdOutCells {
      add("hold-out \(metric), \(row)") { Self.holdOut($0, row: row, metric: metric) }
    }
    guard !settings.isEmpty else { return table.description + "\n\nEvery setting is the same." }
    var others = TextTable([.init("setting")] + names.map { .init($0) })
    for (key, values) in settings { others.add(cells: [key] + values) }
    return table.description + "\n\nSettings that differ:\n" + others.description
  }

  public var json: JSONValue {
    [
      "runs": .array(zip(names, runs).map { $1.json(name: $0) }),
      "settings": .array(
        settings.map { ["key": .string($0.key), "values": .array($0.values.map { .string($0) })] }),
    ]
  }

  /// Rows and metrics of the hold-out tables of either run, in their order.
  private var holdOutCells: [(row: String, metric: String)] {
    func union(_ lists: [[String]]) -> [String] {
      lists.reduce(into: []) { all, list in all += list.filter { !all.contains($0) } }
    }
    let tables = runs.compactMap { $0.summary?["holdout"] }
    let rows = union(tables.map { ($0["rows"].elements ?? []).compactMap { $0["name"].string } })
    let metrics = union(tables.map { ($0["metrics"].elements ?? []).compactMap(\.string) })
    return metrics.flatMap { metric in rows.map { ($0, metric) } }
  }

  private static func holdOut(_ run: any RunDescription, row: String, metric: String) -> String {
    let rows = run.summary?["holdout"]["rows"].elements ?? []
    guard let found = rows.first(where: { $0["name"].string == row }), let mean = found["mean"][metric].number,
      let deviation = found["std"][metric].number
    else { return "–" }
    let seeds = run.summary?["holdout"]["seeds"].elements?.count ?? 0
    return seeds == 1 ? String(format: "%.3f", mean) : String(format: "%.3f ± %.3f", mean, deviation)
  }
}
