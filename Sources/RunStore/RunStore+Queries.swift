import GRDB

/// Everything that is read from a run.
extension RunStore {
  /// A named fact; nil where there is none.
  public func fact(_ name: String) throws(RunStoreError) -> String? {
    try access { queue in
      try queue.read { database in
        let row = try Row.fetchOne(database, sql: "SELECT value FROM facts WHERE name = ?", arguments: [name])
        return try row?.decode(String.self, forColumn: "value")
      }
    }
  }

  /// The candidates in submission order, of one generation or of all.
  public func candidates(generation: Int? = nil) throws(RunStoreError) -> [CandidateRecord] {
    let filter = generation.map { " WHERE generation = \($0)" } ?? ""
    return try access { queue in
      try queue.read { database in
        try Row.fetchAll(database, sql: "SELECT * FROM candidates\(filter) ORDER BY id")
          .map { try CandidateRecord(row: $0) }
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
        let records = try Row.fetchAll(database, sql: "SELECT * FROM scores ORDER BY key")
          .map { try ScoreRecord(row: $0) }
        return Dictionary(uniqueKeysWithValues: records.map { ($0.key, $0) })
      }
    }
  }

  /// Where the run stands; nil before its first generation.
  public func latestGeneration() throws(RunStoreError) -> GenerationRecord? {
    try access { queue in
      try queue.read { database in
        try Row.fetchOne(database, sql: "SELECT * FROM generations ORDER BY number DESC LIMIT 1")
          .map { try GenerationRecord(row: $0) }
      }
    }
  }
}

extension CandidateRecord {
  fileprivate init(row: Row) throws {
    let code: String? = try row.decode(forColumn: "rejection_code")
    let message: String? = try row.decode(forColumn: "rejection_message")
    let parents: String = try row.decode(forColumn: "parents")
    self.init(
      id: try row.decode(forColumn: "id"), generation: try row.decode(forColumn: "generation"),
      branch: try row.decode(forColumn: "branch"), classification: try row.decode(forColumn: "classification"),
      regression: try row.decode(forColumn: "regression"), canonical: try row.decode(forColumn: "canonical"),
      fingerprint: try row.decode(forColumn: "fingerprint"), origin: try row.decode(forColumn: "origin"),
      parents: parents.split(separator: " ").compactMap { Int($0) }, nodes: try row.decode(forColumn: "nodes"),
      stage: try row.decode(forColumn: "stage"),
      rejection: code.map { RejectionRecord(code: $0, message: message ?? "") })
  }
}

extension ScoreRecord {
  fileprivate init(row: Row) throws {
    let seed: String = try row.decode(forColumn: "seed")
    self.init(
      key: try row.decode(forColumn: "key"), purpose: try row.decode(forColumn: "purpose"), seed: UInt64(seed) ?? 0,
      outcome: try OutcomeColumns.outcome(of: row), seconds: try row.decode(forColumn: "seconds"))
  }
}

extension GenerationRecord {
  fileprivate init(row: Row) throws {
    self.init(
      number: try row.decode(forColumn: "number"), phase: try row.decode(forColumn: "phase"),
      proposals: try row.decode(forColumn: "proposals"), generator: try row.decode(forColumn: "generator"),
      population: try row.decode(forColumn: "population"))
  }
}
