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
    CREATE TABLE IF NOT EXISTS measured (
      context INTEGER NOT NULL, key TEXT NOT NULL, ap REAL, ap50 REAL, ap75 REAL, diverged_step INTEGER,
      measures TEXT NOT NULL, PRIMARY KEY (context, key)
    ) WITHOUT ROWID;
    """

  /// The outcome of an equal training; nil where there was none.
  public func outcome(context: String, key: String) throws(RunStoreError) -> ScoreOutcome? {
    try access { database in
      try database.read { database in
        for table in ["scores", "measured"] {
          let row = try Row.fetchOne(
            database,
            sql: """
              SELECT \(table).* FROM \(table) JOIN contexts ON contexts.id = \(table).context
              WHERE contexts.text = ? AND \(table).key = ?
              """, arguments: [context, key])
          if let row { return try OutcomeColumns.outcome(of: row) }
        }
        return nil
      }
    }
  }

  /// Remembers an outcome.
  public func remember(_ outcome: ScoreOutcome, context: String, key: String) throws(RunStoreError) {
    try access { database in
      try database.write { database in
        try database.execute(sql: "INSERT OR IGNORE INTO contexts (text) VALUES (?)", arguments: [context])
        let columns = try OutcomeColumns(outcome)
        let isMeasured = columns.measures != nil
        var values: [(any DatabaseValueConvertible)?] = [
          context, key, columns.ap, columns.ap50, columns.ap75, columns.divergedStep,
        ]
        if isMeasured { values.append(columns.measures) }
        try database.execute(
          sql: """
            INSERT OR REPLACE INTO \(isMeasured ? "measured" : "scores")
              (context, key, ap, ap50, ap75, diverged_step\(isMeasured ? ", measures" : ""))
            VALUES ((SELECT id FROM contexts WHERE text = ?), ?, ?, ?, ?, ?\(isMeasured ? ", ?" : ""))
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
