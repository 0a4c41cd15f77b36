import Formulas
import Losses
import Reporting

/// `best.yaml`: a loss card for every varied formula of every found combination, with the hold-out scores as evidence.
extension SearchResult {
  /// Times, paths and host names stand nowhere in it.
  public func cardsYAML() throws -> String {
    try LossCardFile.text(of: try best.enumerated().flatMap { try cards(of: $0.element, rank: $0.offset + 1) })
  }

  private func cards(of found: FoundCombination, rank: Int) throws -> [LossCard] {
    let losses = try found.losses.resolved(for: configuration.space.task)
    let row = rows.first { $0.name == "found-\(rank)" }
    return found.genome.branchFormulas(configuration.space.task).map { part in
      let isBoxes = part.mode == .regression
      return LossCard(
        name: "found-\(rank)-\(part.branch.rawValue)", kind: .formula(part.formula, part.mode),
        lossWeight: Double(isBoxes ? losses.regression.weight : losses.classification.weight),
        iou: isBoxes ? .none : .decodedBox,
        warnings: isBoxes && part.formula.dependsOnBoxScale ? ["scaleDependent"] : [],
        evidence: row.map { evidence($0) } ?? [],
        provenance: LossCard.Provenance(source: "autoloss evolve", seed: configuration.seed, version: Machine.version))
    }
  }

  /// One entry for each metric: mean and spread, beside cross entropy + GIoU with the same seeds.
  private func evidence(_ row: HoldOutRow) -> [LossCard.Evidence] {
    ScoreMetric.allCases.compactMap { metric in
      guard let spread = row.spread(metric) else { return nil }
      let baseline = rows.last.flatMap { last in last.spread(metric).map { "\(last.name): \($0)" } }
      return LossCard.Evidence(
        data: dataName, split: "holdout", detector: "two-stage", seeds: seeds, metric: metric.rawValue,
        mean: Self.rounded(spread.mean), std: Self.rounded(spread.standardDeviation), baseline: baseline,
        pairedInterval: paired(row, metric)?.interval.map { [Self.rounded($0.low), Self.rounded($0.high)] },
        command: "autoloss evolve --task \(configuration.space.task.rawValue) --data \(dataName) "
          + "--branch \(configuration.space.branch.rawValue) --seed \(configuration.seed)")
    }
  }

  /// Six decimals, more than any spread over seeds resolves.
  private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }

  private var dataName: String {
    configuration.data.split(separator: "/").last.map(String.init) ?? configuration.data
  }
}

extension Formula {
  /// Whether a box loss changes when all areas grow alike, as they do with the size of the input.
  var dependsOnBoxScale: Bool {
    guard let evaluator = try? ReferenceEvaluator(self, mode: .regression) else { return true }
    func values(areaFactor: Double) -> [Double]? {
      var inputs = LossInputs<Double>(rows: 3)
      inputs[.u] = [400, 900, 250].map { $0 * areaFactor }
      inputs[.i] = [100, 450, 240].map { $0 * areaFactor }
      inputs[.e] = [800, 950, 250].map { $0 * areaFactor }
      return try? evaluator.value(inputs)
    }
    guard let small = values(areaFactor: 1), let large = values(areaFactor: 16) else { return true }
    return zip(small, large).contains { abs($0 - $1) > 1e-9 * max(1, abs($0)) || !$0.isFinite || !$1.isFinite }
  }
}
