import Foundation
import GRDB

/// Scores that outlive a run, so that no training is ever paid twice.
///
/// A score is found again only when its whole context is equal, character by character: data, detector, schedule,
/// stage, program and processor. Several processes may use one cache at once.
public final class ScoreCache: Sendable {
  public let file: URL
  private let database: DatabaseQueue

  /// Opens the cache file, or makes it.
  public init(file: URL) throws(RunStoreError) {
    self.file = file
    do {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      var configuration = Configuration()
      configuration.journalMode = .wal
      configuration.busyMode = .timeout(10)
      database = try DatabaseQueue(path: file.path, configuration: configuration)
      try database.write { try $0.execute(sql: Self.tables) }
    } catch {
      throw Self.explain(error, file: file)
    }
  }

  private static let tables = """
    CREATE TABLE IF NOT EXISTS contexts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS scores (
      context INTEGER NOT NULL, key TEXT NOT NULL, ap REAL, ap50 REAL, ap75 REAL, diverged_step INTEGER,
      PRIMARY KEY (context, key)
    ) WITHOUT ROWID;
    """

  /// The outcome of an equal training; nil where there was none.
  public func outcome(context: String, key: String) throws(RunStoreError) -> ScoreOutcome? {
    try access { database in
      let row = try database.read {
        try Row.fetchOne(
          $0,
          sql: """
            SELECT ap, ap50, ap75, diverged_step FROM scores JOIN contexts ON contexts.id = scores.context
            WHERE contexts.text = ? AND scores.key = ?
            """, arguments: [context, key])
      }
      guard let row else { return nil }
      if let step = try row.decode(Int?.self, forColumn: "diverged_step") { return .diverged(step: step) }
      guard let ap = try row.decode(Double?.self, forColumn: "ap"),
        let ap50 = try row.decode(Double?.self, forColumn: "ap50"),
        let ap75 = try row.decode(Double?.self, forColumn: "ap75")
      else { return nil }
      return .scored(ap: ap, ap50: ap50, ap75: ap75)
    }
  }

  /// Remembers an outcome.
  public func remember(_ outcome: ScoreOutcome, context: String, key: String) throws(RunStoreError) {
    try access { database in
      try database.write { database in
        try database.execute(sql: "INSERT OR IGNORE INTO contexts (text) VALUES (?)", arguments: [context])
        var values: [(any DatabaseValueConvertible)?] = [context, key]
        switch outcome {
        case .scored(let ap, let ap50, let ap75): values += [ap, ap50, ap75, nil]
        case .diverged(let step): values += [nil, nil, nil, step]
        }
        try database.execute(
          sql: """
            INSERT OR REPLACE INTO scores (context, key, ap, ap50, ap75, diverged_step)
            VALUES ((SELECT id FROM contexts WHERE text = ?), ?, ?, ?, ?, ?)
            """, arguments: StatementArguments(values))
      }
    }
  }

  /// A damaged cache is no loss: it holds only what can be computed again.
  private static func explain(_ error: any Error, file: URL) -> RunStoreError {
    let known = RunStore.explain(error, file: file)
    guard case .corrupt(let path, let detail) = known else { return known }
    return .failed(path: path, detail: "it is damaged (\(detail)); delete it, a new one is made")
  }

  private func access<Result>(_ body: (DatabaseQueue) throws -> Result) throws(RunStoreError) -> Result {
    do {
      return try body(database)
    } catch {
      throw Self.explain(error, file: file)
    }
  }
}
