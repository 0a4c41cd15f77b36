import Foundation
import RunStore
import Search
import Testing

/// A run ends with the same formulas and scores however often it is killed and however many workers it has.
@Suite struct ResumeTests {
  @Test(arguments: [2, 5]) func theNumberOfWorkersChangesNothing(workers: Int) throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSearch.configuration()
      let (one, many) = (scratch.appendingPathComponent("one/run"), scratch.appendingPathComponent("many/run"))
      _ = try SmallSearch.run(configuration, in: one, workers: 1)
      _ = try SmallSearch.run(configuration, in: many, workers: workers)
      #expect(try RunRecord(one) == RunRecord(many))
    }
  }

  /// Kills spread over the trainings, from the first one with the default losses to the last on the hold-out.
  @Test(arguments: 0...12) func aKilledRunEndsLikeAnUndisturbedOne(twelfths: Int) throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSearch.configuration()
      let whole = scratch.appendingPathComponent("whole/run")
      let journal = Journal()
      _ = try SmallSearch.run(configuration, in: whole, journal: journal)
      let killAt = (journal.keys.count - 1) * twelfths / 12

      let killed = scratch.appendingPathComponent("killed/run")
      #expect(throws: Killed.self, "evaluation \(killAt) never came") {
        _ = try SmallSearch.run(configuration, in: killed, journal: Journal(failsAt: killAt), workers: 2)
      }
      // A copy of the files as the kill left them: nothing was closed or checkpointed.
      let resumed = scratch.appendingPathComponent("resumed/run")
      try copyRun(killed, to: resumed)
      _ = try SmallSearch.run(configuration, in: resumed, resume: true, workers: 1)
      #expect(try RunRecord(resumed) == RunRecord(whole))
    }
  }

  @Test(arguments: 1...9) func aKillBetweenProposalsIsMendedToo(batch: Int) throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSearch.configuration(seed: 11)
      let whole = scratch.appendingPathComponent("whole/run")
      _ = try SmallSearch.run(configuration, in: whole)

      // The run stops at the first batch of proposals after this many candidates are in the store.
      let folder = scratch.appendingPathComponent("stopped/run")
      let cancellation = Cancellation()
      #expect(throws: Interrupted.self) {
        _ = try SmallSearch.run(configuration, in: folder, cancellation: cancellation) { _ in
          let count = (try? RunStore.read(folder).candidateCount()) ?? 0
          if count >= batch * 16 { cancellation.request() }
        }
      }
      let resumed = scratch.appendingPathComponent("resumed/run")
      try copyRun(folder, to: resumed)
      _ = try SmallSearch.run(configuration, in: resumed, resume: true, workers: 2)
      #expect(try RunRecord(resumed) == RunRecord(whole))
    }
  }

  @Test func manyKillsInARowAreMended() throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSearch.configuration()
      let whole = scratch.appendingPathComponent("whole/run")
      _ = try SmallSearch.run(configuration, in: whole)
      var folder = scratch.appendingPathComponent("0/run")
      var kills = 0
      var resume = false
      while true {
        do {
          _ = try SmallSearch.run(configuration, in: folder, resume: resume, journal: Journal(failsAt: 3))
          break
        } catch is Killed {
          kills += 1
          let next = scratch.appendingPathComponent("\(kills)/run")
          try copyRun(folder, to: next)
          (folder, resume) = (next, true)
        }
      }
      #expect(kills > 8)
      #expect(try RunRecord(folder) == RunRecord(whole))
    }
  }

  /// A loss that was passed over for lack of room and trained when it came again counts once, also after a resume.
  @Test func resumingCountsTrainingsAsTheRunDid() throws {
    var cameAgain = 0
    for seed in UInt64(1)...6 {
      try withScratchFolder { scratch in
        let configuration = try SmallSearch.configuration(
          seed: seed, overrides: ["selection.simulatedCandidates=3", "evolution.generations=4"])
        let folder = scratch.appendingPathComponent("run")
        let before = try SmallSearch.run(configuration, in: folder)
        let after = try SmallSearch.run(configuration, in: folder, resume: true)
        #expect(after.tally == before.tally, "seed \(seed)")
        let candidates = try RunStore.read(folder).candidates()
        func losses(passedOver: Bool) -> Set<[String]> {
          let trained = ["detectorBelowThreshold", "notAmongBest", "diverged", nil]
          let chosen = candidates.filter {
            passedOver ? $0.rejection?.code == "passedOver" : trained.contains($0.rejection?.code)
          }
          return Set(chosen.map { [$0.classification, $0.regression] })
        }
        cameAgain += losses(passedOver: true).intersection(losses(passedOver: false)).count
      }
    }
    #expect(cameAgain > 0, "no loss that was passed over came again: the test tries nothing")
  }

  @Test func aFinishedRunResumesToTheSameResultWithoutTraining() throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSearch.configuration()
      let folder = scratch.appendingPathComponent("run")
      _ = try SmallSearch.run(configuration, in: folder)
      let before = try RunRecord(folder)
      let journal = Journal()
      _ = try SmallSearch.run(configuration, in: folder, resume: true, journal: journal)
      #expect(journal.keys.isEmpty)
      #expect(try RunRecord(folder) == before)
    }
  }

  private func copyRun(_ source: URL, to target: URL) throws {
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: source, to: target)
  }
}
