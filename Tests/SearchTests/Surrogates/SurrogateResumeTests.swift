import Foundation
import RunStore
import Search
import Testing

/// A search for a surrogate ends with the same thetas and rewards however often it is killed and with any workers.
@Suite struct SurrogateResumeTests {
  @Test(arguments: [2, 5]) func theNumberOfWorkersChangesNothing(workers: Int) throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSurrogateSearch.configuration()
      let (one, many) = (scratch.appendingPathComponent("one/run"), scratch.appendingPathComponent("many/run"))
      _ = try SmallSurrogateSearch.run(configuration, in: one)
      _ = try SmallSurrogateSearch.run(configuration, in: many, workers: workers)
      #expect(try SurrogateRunRecord(one) == SurrogateRunRecord(many))
    }
  }

  /// A kill in each training there is: the yardstick, every theta of every generation, promotion, the hold-out. In the
  /// second search the policy's last mean, which is first trained in the promotion, is among the best six.
  @Test(arguments: [false, true]) func aKillInAnyTrainingChangesNothing(learns: Bool) throws {
    try withScratchFolder { scratch in
      let learning = [
        "policy.updates=20", "policy.learningRate=0.05", "policy.deviations=[0.05]", "selection.promotedThetas=6",
        "search.generations=5",
      ]
      let configuration = try SmallSurrogateSearch.configuration(overrides: learns ? learning : [])
      let whole = scratch.appendingPathComponent("whole/run")
      let journal = Journal()
      let result = try SmallSurrogateSearch.run(configuration, in: whole, journal: journal, diverges: !learns)
      let expected = try SurrogateRunRecord(whole)
      if learns {
        let rewards = result.history.map(Self.reward)
        let better = rewards.filter { $0 > (rewards.last ?? 0) }
        #expect(better.count < 6, "the last mean is not among the best six, so the test tries nothing: \(better)")
      }
      #expect(journal.keys.count > 25, "\(journal.keys.count)")
      for killAt in journal.keys.indices {
        let killed = scratch.appendingPathComponent("killed-\(killAt)/run")
        #expect(throws: Killed.self, "evaluation \(killAt) never came") {
          _ = try SmallSurrogateSearch.run(
            configuration, in: killed, journal: Journal(failsAt: killAt), workers: 1 + killAt % 3, diverges: !learns)
        }
        // A copy of the files as the kill left them: nothing was closed or checkpointed.
        let resumed = scratch.appendingPathComponent("resumed-\(killAt)/run")
        try copyRun(killed, to: resumed)
        _ = try SmallSurrogateSearch.run(
          configuration, in: resumed, resume: true, workers: 1 + (killAt + 1) % 2, diverges: !learns)
        #expect(try SurrogateRunRecord(resumed) == expected, "killed in evaluation \(killAt)")
      }
    }
  }

  private static func reward(_ trial: SurrogateTrial) -> Double {
    if case .measured(let metrics) = trial.outcome { metrics["mIoU"] ?? 0 } else { 0 }
  }

  /// The policy has learned and the next thetas are not drawn: the run stops there and goes on.
  @Test(arguments: 1...3) func aStopAfterEachGenerationChangesNothing(generation: Int) throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSurrogateSearch.configuration(seed: 8)
      let whole = scratch.appendingPathComponent("whole/run")
      _ = try SmallSurrogateSearch.run(configuration, in: whole)
      let folder = scratch.appendingPathComponent("stopped/run")
      let cancellation = Cancellation()
      var seen = 0
      #expect(throws: Interrupted.self) {
        _ = try SmallSurrogateSearch.run(configuration, in: folder, workers: 2, cancellation: cancellation) {
          seen += 1
          if seen == generation { cancellation.request() }
        }
      }
      let resumed = scratch.appendingPathComponent("resumed/run")
      try copyRun(folder, to: resumed)
      #expect(try RunStore.read(resumed).candidateCount() == 6 * generation)
      _ = try SmallSurrogateSearch.run(configuration, in: resumed, resume: true)
      #expect(try SurrogateRunRecord(resumed) == SurrogateRunRecord(whole))
    }
  }

  @Test func aFinishedRunResumesToTheSameResultWithoutTraining() throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSurrogateSearch.configuration()
      let folder = scratch.appendingPathComponent("run")
      _ = try SmallSurrogateSearch.run(configuration, in: folder)
      let before = try SurrogateRunRecord(folder)
      let journal = Journal()
      _ = try SmallSurrogateSearch.run(configuration, in: folder, resume: true, journal: journal)
      #expect(journal.keys.isEmpty)
      #expect(try SurrogateRunRecord(folder) == before)
    }
  }

  @Test func aCacheSavesEveryTrainingOfAnEqualRun() throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSurrogateSearch.configuration()
      let cache = try ScoreCache(file: scratch.appendingPathComponent("scores.sqlite"))
      let (first, second) = (scratch.appendingPathComponent("a/run"), scratch.appendingPathComponent("b/run"))
      _ = try SmallSurrogateSearch.run(configuration, in: first, cache: cache)
      let journal = Journal()
      _ = try SmallSurrogateSearch.run(configuration, in: second, journal: journal, cache: cache)
      #expect(journal.keys.isEmpty)
      #expect(try SurrogateRunRecord(first) == SurrogateRunRecord(second))
    }
  }

  private func copyRun(_ source: URL, to target: URL) throws {
    try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: source, to: target)
  }
}
