import Losses
import Reporting

/// `best.yaml`: the loss card of the best theta, with the hold-out scores as evidence.
extension SurrogateResult {
  /// Times, paths and host names stand nowhere in it. Without a theta that trained with every seed, it holds no card.
  public func cardsYAML() throws -> String {
    guard let found = best.first else { return "# every theta diverged with some seed\n" }
    let card = LossCard(
      name: "found-\(space.metric.rawValue.lowercased())", kind: .surrogate(try space.parameters(found.theta)),
      averageBy: .elements,
      evidence: try rows.first { $0.name == "found" }.map { row in
        let command = try configuration.command()
        return evidence(row, command: command)
      } ?? [],
      provenance: LossCard.Provenance(
        source: "autoloss surrogate search", seed: configuration.seed, version: Machine.version))
    return try LossCardFile.text(of: [card])
  }

  /// One entry for each metric: mean and spread, beside cross entropy with the same seeds.
  private func evidence(_ row: SegmentationRow, command: String) -> [LossCard.Evidence] {
    SegmentationMetric.allCases.compactMap { metric in
      guard let spread = row.spread(metric) else { return nil }
      return LossCard.Evidence(
        data: configuration.dataName, split: "holdout", detector: "segmenter", seeds: seeds, metric: metric.rawValue,
        mean: Self.rounded(spread.mean), std: Self.rounded(spread.standardDeviation),
        baseline: rows.last.flatMap { last in last.spread(metric).map { "\(last.name): \($0)" } },
        pairedInterval: paired(row, metric)?.interval.map { [Self.rounded($0.low), Self.rounded($0.high)] },
        command: command)
    }
  }

  /// Six decimals, more than any spread over seeds resolves.
  private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}
