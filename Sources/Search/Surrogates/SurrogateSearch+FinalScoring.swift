import Losses
import Reporting
import RunStore
import Surrogates

/// Promotion and report: more seeds for the best, then fresh seeds on the hold-out, once.
extension SurrogateSearch {
  /// A theta with its scores on search-val, one for each promotion seed.
  struct Promoted {
    var theta: ThetaRecord
    var scores: SeedSpread
  }

  /// The thetas with the best rewards and the policy's last mean, best first by their mean over the promotion seeds.
  func promote() throws -> [Promoted] {
    // Whether the last mean has its reward by now depends on kills; it goes on in any case.
    let drawn = try trainedThetas().filter { $0.theta.generation < space.search.generations }
    var candidates = drawn.sorted { ($1.reward, $0.theta.id) < ($0.reward, $1.theta.id) }
      .prefix(space.selection.promotedThetas).map(\.theta)
    if let last = thetas.last, !candidates.contains(last) { candidates.append(last) }
    let seeds = 0..<space.selection.promotionSeeds
    let requests = try candidates.flatMap { theta in try seeds.map { try request(theta, seed: $0) } }
    _ = try train(requests + crossEntropy(.proxy, seeds), activity: "promotion")
    let promoted = try candidates.compactMap { theta -> Promoted? in
      let scores = try seeds.compactMap { trainings.outcome(try request(theta, seed: $0))?.value(space.metric) }
      // A theta that diverges with any seed is no winner.
      return scores.count == seeds.count ? Promoted(theta: theta, scores: SeedSpread(scores)) : nil
    }
    return promoted.sorted { ($1.scores.mean, $0.theta.id) < ($0.scores.mean, $1.theta.id) }
  }

  /// Trains the best theta, the published one and cross entropy with fresh paired seeds and scores them once on the
  /// hold-out.
  func scoreFinally(_ promoted: [Promoted]) throws -> SurrogateResult {
    let seeds = (0..<space.selection.finalSeeds).map { configuration.seed(.holdOut, $0) }
    var entries: [(name: String, loss: SegmentationLossChoice)] = []
    if let best = promoted.first {
      entries.append(("found", .surrogate(try space.parameters(best.theta.controlPoints))))
    }
    entries += [("published", .surrogate(try space.published())), ("cross-entropy", .crossEntropy)]
    let requests = entries.flatMap { entry in
      seeds.map { SurrogateRequest(loss: entry.loss, purpose: .holdOut, seed: $0) }
    }
    let outcomes = try train(requests, activity: "final scoring")
    let rows = entries.enumerated().map { place, entry in
      SegmentationRow(
        name: entry.name, loss: entry.loss,
        outcomes: Array(outcomes[place * seeds.count..<(place + 1) * seeds.count]))
    }
    let promotionSeeds = 0..<space.selection.promotionSeeds
    let defaultScores = crossEntropy(.proxy, promotionSeeds).compactMap {
      trainings.outcome($0)?.value(space.metric)
    }
    let result = SurrogateResult(
      configuration: configuration,
      history: try thetas.compactMap { theta in
        trainings.outcome(try request(theta)).map {
          SurrogateTrial(
            id: theta.id, generation: theta.generation, isMean: theta.origin == .mean, theta: theta.controlPoints,
            outcome: $0)
        }
      },
      crossEntropyReward: trainings.outcome(crossEntropy(.proxy, 0..<1)[0])?.value(space.metric),
      best: promoted.map { FoundTheta(theta: $0.theta.controlPoints, scores: $0.scores) },
      defaultScores: SeedSpread(defaultScores), seeds: seeds, rows: rows)
    try save(result)
    return result
  }

  private func crossEntropy(_ purpose: SurrogatePurpose, _ seeds: Range<Int>) -> [SurrogateRequest] {
    seeds.map { SurrogateRequest(loss: .crossEntropy, purpose: purpose, seed: configuration.seed(purpose, $0)) }
  }

  private func save(_ result: SurrogateResult) throws {
    try store.commit(
      RunStep(facts: [SearchStore.summaryFact: result.summary(run: store.folder.lastPathComponent).description]))
    try store.write(try result.cardsYAML(), to: "best.yaml")
    try store.write(try result.page(), to: "report.html")
    try store.write(result.text + "\n", to: "summary.txt")
    try store.checkpoint()
  }
}
