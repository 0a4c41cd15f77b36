import Formulas
import Losses
import Reporting
import Screening

/// `best.yaml`: a loss card for every varied formula of every found combination, with the hold-out scores as evidence.
extension SearchResult {
  /// Times, paths and host names stand nowhere in it.
  public func cardsYAML() throws -> String {
    let command = try configuration.command()
    return try LossCardFile.text(
      of: try best.enumerated().flatMap { try cards(of: $0.element, rank: $0.offset + 1, command: command) })
  }

  private func cards(of found: FoundCombination, rank: Int, command: String) throws -> [LossCard] {
    let space = configuration.space
    let losses = space.task == .segmentation ? nil : try found.losses.resolved(for: space.task)
    let row = rows.first { $0.name == "found-\(rank)" }
    return found.genome.branchFormulas(space.task).map { part in
      let isBoxes = part.mode == .regression
      let alpha = part.mode == .binaryClass ? losses.map { Double($0.classification.alpha) } : nil
      return LossCard(
        name: "found-\(rank)-\(part.branch.rawValue)", kind: .formula(part.formula, part.mode),
        lossWeight: Double((isBoxes ? losses?.regression.weight : losses?.classification.weight) ?? 1),
        alpha: alpha.flatMap { $0 < 0 ? nil : $0 }, averageBy: space.average(isBoxes: isBoxes),
        iou: isBoxes || space.task == .segmentation ? .none : .decodedBox,
        warnings: LossWarning.codes(of: part.formula, mode: part.mode).map(\.rawValue),
        evidence: row.map { evidence($0, command: command) } ?? [],
        provenance: LossCard.Provenance(source: "autoloss evolve", seed: configuration.seed, version: Machine.version))
    }
  }

  /// One entry for each metric: mean and spread, beside the usual losses with the same seeds.
  private func evidence(_ row: HoldOutRow, command: String) -> [LossCard.Evidence] {
    configuration.space.metricNames.compactMap { metric in
      guard let spread = row.spread(metric) else { return nil }
      let baseline = rows.last.flatMap { last in last.spread(metric).map { "\(last.name): \($0)" } }
      return LossCard.Evidence(
        data: configuration.dataName, split: "holdout", detector: configuration.space.trained, seeds: seeds,
        metric: metric,
        mean: Self.rounded(spread.mean), std: Self.rounded(spread.standardDeviation), baseline: baseline,
        pairedInterval: paired(row, metric)?.interval.map { [Self.rounded($0.low), Self.rounded($0.high)] },
        command: command)
    }
  }

  /// Six decimals, more than any spread over seeds resolves.
  private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}

extension SearchSpace {
  /// What is trained, as cards name it.
  fileprivate var trained: String { task == .segmentation ? "segmenter" : detector.kind.rawValue }

  /// What the trained network divides a sum of losses by.
  fileprivate func average(isBoxes: Bool) -> LossCard.Average {
    guard task == .detectionOneStage else { return .sampled }
    return detector.kind == .fcos && !isBoxes ? .positivesPlusImages : .positives
  }
}
