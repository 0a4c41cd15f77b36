import Evolution
import Foundation
import Reporting
import RunStore
import Screening

/// Promotion and report: more seeds for the best, then fresh seeds on the hold-out, once.
extension SearchRun {
  /// A combination with its scores on search-val, one for each promotion seed.
  struct Winner {
    var genome: Genome
    var losses: LossPair
    var scores: SeedSpread
  }

  /// The best individuals by their mean over the promotion seeds, then by complexity.
  func promote() throws -> [Winner] {
    let best = state.population.best(space.selection.promotedCandidates)
    let seeds = (0..<space.selection.promotionSeeds).map { seed(.proxy, $0) }
    let pairs = best.map { $0.genome.losses(defaultLosses) } + [defaultLosses]
    let requests = pairs.flatMap { losses in
      seeds.map { TrainingRequest(losses: losses, purpose: .proxy, seed: $0) }
    }
    _ = try train(requests, activity: "promotion")
    let winners = best.compactMap { individual -> Winner? in
      let losses = individual.genome.losses(defaultLosses)
      let scores = seeds.compactMap {
        outcomes[TrainingRequest(losses: losses, purpose: .proxy, seed: $0).key].flatMap(space.score)
      }
      // A loss that diverges with any seed is no winner.
      guard scores.count == seeds.count else { return nil }
      return Winner(genome: individual.genome, losses: losses, scores: SeedSpread(scores))
    }
    let ranked = winners.enumerated().sorted { first, second in
      (second.element.scores.mean, first.element.genome.complexity, first.offset)
        < (first.element.scores.mean, second.element.genome.complexity, second.offset)
    }
    return ranked.prefix(space.selection.finalCombinations).map(\.element)
  }

  /// Trains winners, published and default losses with fresh paired seeds and scores them once on the hold-out.
  func scoreFinally(_ winners: [Winner]) throws -> SearchResult {
    var entries = winners.enumerated().map { HoldOutEntry(name: "found-\($0.offset + 1)", losses: $0.element.losses) }
    entries += try HoldOutEntry.references(space.task)
    let seeds = (0..<space.selection.finalSeeds).map { seed(.holdOut, $0) }
    let requests = entries.flatMap { entry in
      seeds.map { TrainingRequest(losses: entry.losses, purpose: .holdOut, seed: $0) }
    }
    _ = try train(requests, activity: "final scoring")
    let rows = entries.map { entry in
      HoldOutRow(
        name: entry.name, losses: entry.losses,
        outcomes: seeds.compactMap {
          outcomes[TrainingRequest(losses: entry.losses, purpose: .holdOut, seed: $0).key]
        })
    }
    let defaultScores = (0..<space.selection.promotionSeeds).compactMap {
      outcomes[TrainingRequest(losses: defaultLosses, purpose: .proxy, seed: seed(.proxy, $0)).key]
        .flatMap(space.score)
    }
    let result = SearchResult(
      configuration: configuration, tally: tally, generations: state.generation,
      best: winners.map {
        FoundCombination(genome: $0.genome, losses: $0.losses, scores: $0.scores)
      },
      defaultScores: SeedSpread(defaultScores), seeds: seeds, rows: rows, proxyScores: try proxyScores())
    try save(result)
    return result
  }

  private func proxyScores() throws -> [Double?] {
    let stages = [Stage.proxy.rawValue, Stage.select.rawValue]
    return try store.candidates().filter { stages.contains($0.stage) }.map {
      outcomes[configuration.request($0, .proxy).key].flatMap(space.score)
    }
  }

  private func save(_ result: SearchResult) throws {
    try store.commit(
      RunStep(facts: [SearchStore.summaryFact: result.summary(run: store.folder.lastPathComponent).description]))
    try store.write(try result.cardsYAML(), to: "best.yaml")
    try store.write(try result.page(), to: "report.html")
    try store.write(result.text + "\n", to: "summary.txt")
    try store.checkpoint()
  }
}
