import GRDB

/// Everything that is read from a run.
extension RunStore {
  /// A named fact; nil where there is none.
  public func fact(_ name: String) throws(RunStoreError) -> String? {
    try access { queue in
      try queue.read { try String.fetchOne($0, sql: "SELECT value FROM facts WHERE name = ?", arguments: [name]) }
    }
  }

  /// The candidates in submission order, of one generation or of all.
  public func candidates(generation: Int? = nil) throws(RunStoreError) -> [CandidateRecord] {
    let filter = generation.map { " WHERE generation = \($0)" } ?? ""
    return try access { queue in
      try queue.read { database in
        try Row.fetchAll(database, sql: "SELECT * FROM candidates\(filter) ORDER BY id").map(CandidateRecord.init(row:))
      }
    }
  }

  /// How many candidates the run has proposed.
  public func candidateCount() throws(RunStoreError) -> Int {
    try access { queue in try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM candidates") ?? 0 } }
  }

  /// SQLite and its version.
  public static var libraryVersion: String {
    let version = try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }
    return "SQLite \(version ?? "unknown")"
  }

  /// Every score by its key.
  public func scores() throws(RunStoreError) -> [String: ScoreRecord] {
    try access { queue in
      try queue.read { database in
        let records = try Row.fetchAll(database, sql: "SELECT * FROM scores ORDER BY key").map(ScoreRecord.init(row:))
        return Dictionary(uniqueKeysWithValues: records.map { ($0.key, $0) })
      }
    }
  }

  /// Where the run stands; nil before its first generation.
  public func latestGeneration() throws(RunStoreError) -> GenerationRecord? {
    try access { queue in
      try queue.read { database in
        try Row.fetchOne(database, sql: "SELECT * FROM generations ORDER BY number DESC LIMIT 1")
          .map(GenerationRecord.init(row:))
      }
    }
  }
}

extension CandidateRecord {
  fileprivate init(row: Row) {
    let code: String? = row["rejection_code"]
    let parents: String = row["parents"]
    self.init(
      id: row["id"], generation: row["generation"], branch: row["branch"], classification: row["classification"],
      regression: row["regression"], canonical: row["canonical"], fingerprint: row["fingerprint"],
      origin: row["origin"], parents: parents.split(separator: " ").compactMap { Int($0) }, nodes: row["nodes"],
      stage: row["stage"],
      rejection: code.map { RejectionRecord(code: $0, message: row["rejection_message"] ?? "") })
  }
}

extension ScoreRecord {
  fileprivate init(row: Row) {
    let step: Int? = row["diverged_step"]
    let seed: String = row["seed"]
    let outcome: ScoreOutcome =
      if let step {
        .diverged(step: step)
      } else {
        .scored(ap: row["ap"] ?? .nan, ap50: row["ap50"] ?? .nan, ap75: row["ap75"] ?? .nan)
      }
    self.init(
      key: row["key"], purpose: row["purpose"], seed: UInt64(seed) ?? 0, outcome: outcome, seconds: row["seconds"])
  }
}

extension GenerationRecord {
  fileprivate init(row: Row) {
    self.init(
      number: row["number"], phase: row["phase"], proposals: row["proposals"], generator: row["generator"],
      population: row["population"])
  }
}
