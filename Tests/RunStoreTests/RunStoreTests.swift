import Foundation
import RunStore
import Testing

/// A run folder keeps what was committed, whole steps only, and refuses what it cannot use in words.
@Suite struct RunStoreTests {
  @Test func whatIsCommittedIsReadBack() throws {
    try withScratchFolder { folder in
      let store = try RunStore.create(in: folder, configuration: "a: 1\n", facts: ["seed": "7"])
      let candidate = sample(id: 0)
      var rejected = sample(id: 1)
      rejected.rejection = RejectionRecord(code: "duplicate", message: "same as 0")
      rejected.fingerprint = nil
      let score = ScoreRecord(
        key: "proxy|a|b|1", purpose: "proxy", seed: .max, outcome: .scored(ap: 0.1, ap50: 0.25, ap75: 1 / 3), seconds: 2
      )
      let diverged = ScoreRecord(
        key: "proxy|a|c|1", purpose: "proxy", seed: 1, outcome: .diverged(step: 9), seconds: 1)
      let generation = GenerationRecord(number: 0, phase: "propose", proposals: 2, generator: "{}", population: "[]")
      try store.commit(
        RunStep(candidates: [candidate, rejected], scores: [score, diverged], generation: generation))
      try store.commit(
        RunStep(verdicts: [VerdictRecord(candidate: 0, stage: "proxy", rejection: nil)], facts: ["seed": "8"]))
      try store.close()

      let again = try RunStore.resume(folder)
      var expected = candidate
      expected.stage = "proxy"
      #expect(try again.candidates() == [expected, rejected])
      #expect(try again.candidates(generation: 1).isEmpty)
      #expect(try again.candidateCount() == 2)
      #expect(try again.scores() == [score.key: score, diverged.key: diverged])
      #expect(try again.latestGeneration() == generation)
      #expect(try again.fact("seed") == "8")
      #expect(try again.fact("nothing") == nil)
      #expect(try again.configuration() == "a: 1\n")
    }
  }

  @Test func aStepIsWrittenWholeOrNotAtAll() throws {
    try withScratchFolder { folder in
      let store = try RunStore.create(in: folder, configuration: "")
      try store.commit(RunStep(candidates: [sample(id: 3)]))
      // The second candidate repeats an id, so the whole step must vanish.
      #expect(throws: RunStoreError.self) {
        try store.commit(RunStep(candidates: [sample(id: 4), sample(id: 3)], facts: ["late": "yes"]))
      }
      #expect(try store.candidates().map(\.id) == [3])
      #expect(try store.fact("late") == nil)
    }
  }

  @Test func aFullDiskKeepsWhatWasThere() throws {
    try withScratchFolder { folder in
      let store = try RunStore.create(in: folder, configuration: "")
      try store.commit(RunStep(candidates: [sample(id: 0)]))
      try store.limit(pages: 12)
      let many = (1..<5_000).map { sample(id: $0) }
      #expect(throws: RunStoreError.diskFull(path: RunStore.databaseFile(in: folder).path)) {
        try store.commit(RunStep(candidates: many))
      }
      #expect(try store.candidates().map(\.id) == [0])
    }
  }

  @Test func aFolderIsRefusedForAStatedReason() throws {
    try withScratchFolder { folder in
      #expect(throws: RunStoreError.noRun(folder: folder.path)) { _ = try RunStore.resume(folder) }
      #expect(throws: RunStoreError.noRun(folder: folder.path)) { _ = try RunStore.read(folder) }
      let store = try RunStore.create(in: folder, configuration: "")
      #expect(throws: RunStoreError.runExists(folder: folder.path)) {
        _ = try RunStore.create(in: folder, configuration: "")
      }
      #expect(throws: RunStoreError.inUse(folder: folder.path)) { _ = try RunStore.resume(folder) }
      #expect(try RunStore.read(folder).candidateCount() == 0, "reading must work beside the writer")
      try store.close()
    }
  }

  @Test func aFileInTheWayIsNamed() throws {
    try withScratchFolder { folder in
      let file = folder.appendingPathComponent("plain")
      try Data("x".utf8).write(to: file)
      let error = #expect(throws: RunStoreError.self) {
        _ = try RunStore.create(in: file.appendingPathComponent("run"), configuration: "")
      }
      let text = try #require(error).description
      #expect(text.contains(file.path) && text.contains("--out"), "\(text)")
    }
  }

  @Test(arguments: ["text", "cut", "empty", "header"]) func aDamagedDatabaseIsNamed(damage: String) throws {
    try withScratchFolder { folder in
      let store = try RunStore.create(in: folder, configuration: "")
      try store.commit(RunStep(candidates: (0..<2_000).map { sample(id: $0) }))
      try store.checkpoint()
      try store.close()
      let file = RunStore.databaseFile(in: folder)
      var data = try Data(contentsOf: file)
      switch damage {
      case "text": data = Data("this is no database, whatever its name says; it is only text\n".utf8)
      case "cut": data = data.prefix(data.count / 2)
      case "empty": data = Data()
      case "header": data.replaceSubrange(0..<64, with: Data(repeating: 0xff, count: 64))
      default: Issue.record("unknown damage \(damage)")
      }
      try data.write(to: file)
      let error = #expect(throws: RunStoreError.self, "\(damage)") { _ = try RunStore.resume(folder) }
      guard case .corrupt(let path, _)? = error else {
        Issue.record("\(damage): \(String(describing: error))")
        return
      }
      #expect(path == file.path)
    }
  }

  @Test(arguments: [
    "DROP TABLE facts", "DROP TABLE scores", "DROP TABLE candidates", "DROP TABLE generations",
    "ALTER TABLE candidates DROP COLUMN nodes", "UPDATE candidates SET nodes = 'many'",
    "UPDATE candidates SET parents = x'ff00'", "UPDATE scores SET ap = 'high'", "UPDATE scores SET seconds = 'long'",
    "UPDATE scores SET diverged_step = 'late'", "UPDATE generations SET proposals = 'few'",
    "UPDATE facts SET value = x'ff'",
  ]) func rowsThatAreNotOursAreDamageAndNoCrash(damage: String) throws {
    try withScratchFolder { folder in
      let store = try RunStore.create(in: folder, configuration: "", facts: ["seed": "7"])
      let score = ScoreRecord(
        key: "k", purpose: "proxy", seed: 1, outcome: .scored(ap: 0.1, ap50: 0.2, ap75: 0.3), seconds: 2)
      let generation = GenerationRecord(number: 0, phase: "propose", proposals: 2, generator: "{}", population: "[]")
      try store.commit(RunStep(candidates: [sample(id: 0)], scores: [score], generation: generation))
      try store.run(sql: damage)
      let error = #expect(throws: RunStoreError.self, "\(damage)") {
        _ = (try store.fact("seed"), try store.candidates(), try store.scores(), try store.latestGeneration())
      }
      guard case .corrupt(let path, let detail)? = error else {
        Issue.record("\(damage): \(String(describing: error))")
        return
      }
      #expect(path == RunStore.databaseFile(in: folder).path && !detail.contains("\n"), "\(detail)")
    }
  }

  @Test func metricsByNameAreKeptToTheLastBitAndTheirDamageIsNamed() throws {
    try withScratchFolder { folder in
      let store = try RunStore.create(in: folder, configuration: "")
      let score = ScoreRecord(
        key: "k", purpose: "proxy", seed: 1, outcome: .measured(["mIoU": 0.1 + 0.2, "BF1": .nan]), seconds: 2)
      try store.commit(RunStep(scores: [score]))
      guard case .measured(let metrics)? = try store.scores()["k"]?.outcome else {
        Issue.record("no metrics")
        return
      }
      #expect(metrics.count == 2 && metrics["mIoU"] == 0.1 + 0.2 && metrics["BF1"]?.isNaN == true)
      try store.run(sql: "UPDATE scores SET measures = '{\"mIoU\": []}'")
      let error = #expect(throws: RunStoreError.self) { _ = try store.scores() }
      #expect(error?.description.contains("measures") == true)
    }
  }

  /// A run of the first schema is read as it is, and gets the newer columns once it goes on.
  @Test func aRunOfTheFirstSchemaIsReadAndGoesOn() throws {
    try withScratchFolder { folder in
      let store = try RunStore.create(in: folder, configuration: "")
      let old = ScoreRecord(
        key: "old", purpose: "proxy", seed: 1, outcome: .scored(ap: 0.1, ap50: 0.2, ap75: 0.3), seconds: 2)
      try store.commit(RunStep(scores: [old]))
      try store.run(sql: "ALTER TABLE scores DROP COLUMN measures")
      try store.run(sql: "PRAGMA user_version = 1")
      try store.close()
      #expect(try RunStore.read(folder).scores() == ["old": old])
      let resumed = try RunStore.resume(folder)
      let new = ScoreRecord(key: "new", purpose: "proxy", seed: 1, outcome: .measured(["mIoU": 0.5]), seconds: 1)
      try resumed.commit(RunStep(scores: [new]))
      #expect(try resumed.scores() == ["old": old, "new": new])
    }
  }

  @Test func aNewerOrForeignDatabaseIsRefused() throws {
    try withScratchFolder { folder in
      try RunStore.create(in: folder, configuration: "").close()
      let file = RunStore.databaseFile(in: folder)
      var data = try Data(contentsOf: file)
      // SQLite's header: user_version at byte 60, application_id at byte 68, big-endian.
      data[63] = 200
      try data.write(to: file)
      #expect(throws: RunStoreError.newerVersion(path: file.path, found: 200, known: 2)) {
        _ = try RunStore.resume(folder)
      }
      data[68] = 1
      try data.write(to: file)
      #expect(throws: RunStoreError.foreign(path: file.path)) { _ = try RunStore.resume(folder) }
    }
  }
}

/// The cache finds a score only in an equal context, also from another connection.
@Suite struct ScoreCacheTests {
  @Test func onlyAnEqualContextHits() throws {
    try withScratchFolder { folder in
      let file = folder.appendingPathComponent("deep/scores.sqlite")
      let cache = try ScoreCache(file: file)
      let outcome = ScoreOutcome.scored(ap: 0.3, ap50: 0.6, ap75: 0.2)
      try cache.remember(outcome, context: "data 1", key: "a|b|1")
      try cache.remember(.diverged(step: 4), context: "data 2", key: "a|b|1")
      let other = try ScoreCache(file: file)
      #expect(try other.outcome(context: "data 1", key: "a|b|1") == outcome)
      #expect(try other.outcome(context: "data 2", key: "a|b|1") == .diverged(step: 4))
      #expect(try other.outcome(context: "data 1", key: "a|b|2") == nil)
      #expect(try other.outcome(context: "data 3", key: "a|b|1") == nil)
      let measured = ScoreOutcome.measured(["mIoU": 0.25, "BF1": 1 / 3])
      try other.remember(measured, context: "data 1", key: "theta")
      #expect(try cache.outcome(context: "data 1", key: "theta") == measured)
      #expect(try cache.outcome(context: "data 2", key: "theta") == nil)
    }
  }

  @Test func aFileThatIsNoCacheIsNamed() throws {
    try withScratchFolder { folder in
      let file = folder.appendingPathComponent("scores.sqlite")
      try Data(repeating: 0x61, count: 5_000).write(to: file)
      let error = #expect(throws: RunStoreError.self) { _ = try ScoreCache(file: file) }
      #expect(try #require(error).description.contains(file.path))
    }
  }
}

private func sample(id: Int) -> CandidateRecord {
  CandidateRecord(
    id: id, generation: 0, branch: "classification", classification: "Neg(X)", regression: "giou",
    canonical: "Neg(X)", fingerprint: "f00", origin: "random", parents: id == 0 ? [] : [0, id - 1], nodes: 2,
    stage: "verify", rejection: nil)
}

private func withScratchFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}
