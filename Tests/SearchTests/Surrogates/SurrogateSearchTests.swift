import Foundation
import JSONValues
import Losses
import RunStore
import Search
import Testing

/// What a search for a surrogate asks of its evaluators, finds and writes.
@Suite struct SurrogateSearchTests {
  /// Rewards come from search-val: nothing asks for the hold-out before the winner is chosen, and then each loss is
  /// scored there once with each seed.
  @Test func theHoldOutIsReadOnceAtTheEnd() throws {
    try withScratchFolder { scratch in
      let journal = Journal()
      let configuration = try SmallSurrogateSearch.configuration()
      _ = try SmallSurrogateSearch.run(configuration, in: scratch.appendingPathComponent("run"), journal: journal)
      let purposes = journal.keys.map { $0.prefix { $0 != "|" } }
      let first = try #require(purposes.firstIndex(of: "holdout"))
      #expect(purposes[..<first].allSatisfy { $0 == "proxy" })
      #expect(purposes[first...].allSatisfy { $0 == "holdout" })
      #expect(purposes[first...].count == 3 * configuration.space.selection.finalSeeds)
      #expect(Set(journal.keys).count == journal.keys.count, "a training was done twice")
    }
  }

  /// Searches for curves and for formulas score with the same start weights and crops, under the same names.
  @Test(arguments: [3, 8] as [UInt64]) func curvesAndFormulasArePaired(seed: UInt64) throws {
    try withScratchFolder { scratch in
      let (curves, formulas) = (
        try SmallSurrogateSearch.run(
          try SmallSurrogateSearch.configuration(seed: seed), in: scratch.appendingPathComponent("curves")),
        try SmallSearch.run(
          try SmallSearch.configuration(.segmentation, seed: seed), in: scratch.appendingPathComponent("formulas"))
      )
      #expect(curves.seeds == formulas.seeds && curves.seeds.count == 2, "seed \(seed)")
      #expect(Set(curves.rows.map(\.name)).intersection(formulas.rows.map(\.name)) == ["published", "cross-entropy"])
    }
  }

  @Test func eachGenerationBeginsWithTheMeanAndLearns() throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSurrogateSearch.configuration(overrides: [
        "search.generations=10", "search.samplesPerGeneration=16", "policy.updates=20", "policy.learningRate=0.05",
        "policy.deviations=[0.1]",
      ])
      let folder = scratch.appendingPathComponent("run")
      let result = try SmallSurrogateSearch.run(configuration, in: folder, workers: 2, diverges: false)
      let thetas = try RunStore.read(folder).candidates()
      #expect(thetas.count == 10 * 16 + 1)
      for theta in thetas { #expect((theta.origin == "mean") == (theta.id % 16 == 0), "\(theta.id)") }
      let means = result.history.filter(\.isMean).map { value($0.outcome) }
      let (first, last) = (try #require(means.first ?? nil), try #require(means.last ?? nil))
      #expect(last > first + 0.1, "the policy's mean went from \(first) to \(last)")
      let best = try #require(result.best.first)
      #expect(best.scores.mean >= last - 0.05 && best.theta.count == configuration.space.numbers)
    }
  }

  private func value(_ outcome: ScoreOutcome) -> Double? {
    if case .measured(let metrics) = outcome { metrics["mIoU"] } else { nil }
  }

  /// Found and published look at boundaries as the score does: by the settings, and where those leave it open by the data.
  @Test(arguments: SegmentationMetric.allCases) func allSurrogatesLookAtBoundariesAlike(
    metric: SegmentationMetric
  ) throws {
    for (rule, hasBackground, drops) in [
      ("whereNamed", true, true), ("whereNamed", false, false), ("always", false, true), ("never", true, false),
    ] {
      try withScratchFolder { scratch in
        var configuration = try SmallSurrogateSearch.configuration(
          metric: metric, overrides: ["surrogate.dropBackground=\(rule)", "surrogate.tolerance=3"])
        configuration.space = configuration.space.resolved(hasBackground: hasBackground)
        #expect(configuration.space.surrogate.dropsBackground == drops)
        let result = try SmallSurrogateSearch.run(
          configuration, in: scratch.appendingPathComponent("run"), diverges: false)
        let surrogates = result.rows.compactMap { row in
          if case .surrogate(let parameters) = row.loss { parameters } else { nil }
        }
        #expect(surrogates.count == 2, "\(rule)")
        for surrogate in surrogates {
          #expect(surrogate.tolerance == 3 && surrogate.dropsBackground == drops, "\(rule), \(hasBackground)")
        }
      }
    }
  }

  @Test(arguments: SegmentationMetric.allCases) func theFolderHoldsWhatWasFound(metric: SegmentationMetric) throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSurrogateSearch.configuration(metric: metric)
      let folder = scratch.appendingPathComponent("run")
      let result = try SmallSurrogateSearch.run(configuration, in: folder)
      let found = try #require(result.best.first)

      let card = try #require(try LossCardFile.cards(folder.appendingPathComponent("best.yaml").path).first)
      guard case .surrogate(let surrogate) = card.kind else {
        Issue.record("the card is no surrogate")
        return
      }
      #expect(surrogate.metric == metric && surrogate.theta == found.theta)
      #expect(surrogate.tolerance == 5 && !surrogate.dropsBackground)
      #expect(card.evidence.count == SegmentationMetric.allCases.count)

      let page = try String(contentsOf: folder.appendingPathComponent("report.html"), encoding: .utf8)
      #expect(page.components(separatedBy: "<svg").count == 3 && page.contains("cross entropy"))
      let store = try RunStore.read(folder)
      let summary = try JSONValue(parsing: try #require(try SearchStore.summary(of: store)))
      #expect(summary["type"].string == "summary" && summary["metric"].string == metric.rawValue)
      #expect(summary["holdout"]["rows"].elements?.count == 3)
      #expect(summary["best"].elements?.first?["theta"].elements?.count == configuration.space.numbers)
      let overview = try SearchStore.overview(of: store)
      #expect(overview.state == "finished" && overview.searched == metric.rawValue && overview.generated == 19)
      #expect(overview.text(name: "run").contains("Hold-out"))
    }
  }

  @Test func aRunUnderWayIsShown() throws {
    try withScratchFolder { scratch in
      let folder = scratch.appendingPathComponent("run")
      #expect(throws: Killed.self) {
        _ = try SmallSurrogateSearch.run(
          SmallSurrogateSearch.configuration(), in: folder, journal: Journal(failsAt: 9))
      }
      let overview = try SearchStore.overview(of: RunStore.read(folder))
      #expect(overview.state == "generation 2/3" && overview.generated == 8)
      #expect(overview.json(name: "run")["best"].elements?.count == 5)
    }
  }

  /// A run of one verb is refused by the other, with the verb that goes on with it.
  @Test func runsOfOtherVerbsAreNamed() throws {
    try withScratchFolder { scratch in
      let folder = scratch.appendingPathComponent("run")
      let store = try SearchStore.create(folder, SmallSurrogateSearch.configuration(), dataHash: "none")
      let error = #expect(throws: SearchError.self) { _ = try SearchStore.configuration(of: store) }
      #expect(error?.description.contains("`autoloss surrogate search`") == true)
      let other = try SearchStore.create(
        scratch.appendingPathComponent("other"), SmallSearch.configuration(), dataHash: "none")
      #expect(throws: SearchError.otherKind(folder: other.folder.path, verb: "evolve")) {
        _ = try SearchStore.configuration(of: other, as: SurrogateConfiguration.self)
      }
    }
  }

  @Test func onlyTheSettingsItBeganWithGoOn() throws {
    let configuration = try SmallSurrogateSearch.configuration()
    #expect(
      try SurrogateConfiguration.parse(configuration.yaml(), place: "test") == configuration)
    var other = configuration
    other.space.policy.clip = 0.3
    let difference = try #require(try other.firstDifference(from: configuration))
    #expect(difference.key == "space.policy.clip" && difference.ours == "0.3" && difference.theirs == "0.2")
  }
}
