import Foundation
import GRDB

/// A run folder and its `run.sqlite`, the one truth about a run: one writer, write-ahead log, each step one transaction.
public final class RunStore: Sendable {
  public let folder: URL
  private let database: DatabaseQueue
  private let lock: FolderLock?

  private init(folder: URL, database: DatabaseQueue, lock: FolderLock?) {
    self.folder = folder
    self.database = database
    self.lock = lock
  }

  /// The database file of a run folder.
  public static func databaseFile(in folder: URL) -> URL { folder.appendingPathComponent("run.sqlite") }

  /// Whether the folder holds a run.
  public static func holdsRun(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: databaseFile(in: folder).path)
  }

  /// Starts a run in a new or empty place, with its resolved configuration.
  ///
  /// Throws `runExists`, `inUse`, `unwritable`, `diskFull`.
  public static func create(
    in folder: URL, configuration: String, facts: [String: String] = [:]
  ) throws(RunStoreError) -> RunStore {
    if holdsRun(folder) { throw .runExists(folder: folder.path) }
    try makeFolder(folder)
    let lock = try FolderLock(folder: folder)
    if holdsRun(folder) { throw .runExists(folder: folder.path) }
    // The database is completed under another name, so that a folder never holds half a run.
    let unfinished = folder.appendingPathComponent("run.sqlite.new")
    let store = RunStore(folder: folder, database: try open(unfinished, fresh: true), lock: nil)
    try store.commit(RunStep(facts: facts))
    try store.close()
    try write(configuration, to: folder.appendingPathComponent("config.yaml"))
    let file = databaseFile(in: folder)
    guard rename(unfinished.path, file.path) == 0 else {
      throw .unwritable(path: file.path, reason: String(cString: strerror(errno)))
    }
    return RunStore(folder: folder, database: try open(file, fresh: false), lock: lock)
  }

  /// Opens the run of a folder to go on with it; no other process can write it meanwhile.
  ///
  /// Throws `noRun`, `inUse`, `corrupt`, `newerVersion`, `foreign`, `unwritable`.
  public static func resume(_ folder: URL) throws(RunStoreError) -> RunStore {
    guard holdsRun(folder) else { throw .noRun(folder: folder.path) }
    let lock = try FolderLock(folder: folder)
    return RunStore(folder: folder, database: try open(databaseFile(in: folder), fresh: false), lock: lock)
  }

  /// Opens the run of a folder to look at it, also while another process writes it.
  public static func read(_ folder: URL) throws(RunStoreError) -> RunStore {
    guard holdsRun(folder) else { throw .noRun(folder: folder.path) }
    let file = databaseFile(in: folder)
    return RunStore(folder: folder, database: try open(file, fresh: false, readonly: true), lock: nil)
  }

  /// Writes one step; after an error nothing of it is in the store.
  public func commit(_ step: RunStep) throws(RunStoreError) {
    try access { database in
      try database.write { try step.write(to: $0) }
    }
  }

  /// Copies the log into the database file, so that `run.sqlite` alone is the whole run.
  public func checkpoint() throws(RunStoreError) {
    try access { database in
      _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    }
  }

  /// Closes the database, which empties its log, and gives the folder free; the store is of no use afterwards.
  public func close() throws(RunStoreError) {
    try access { try $0.close() }
    lock?.release()
  }

  /// The resolved configuration that the run was started with.
  public func configuration() throws(RunStoreError) -> String {
    let file = folder.appendingPathComponent("config.yaml")
    do {
      return try String(contentsOf: file, encoding: .utf8)
    } catch {
      throw .corrupt(path: file.path, detail: Self.reason(error))
    }
  }

  /// Replaces a text file of the folder, whole or not at all.
  public func write(_ text: String, to name: String) throws(RunStoreError) {
    try Self.write(text, to: folder.appendingPathComponent(name))
  }

  /// Appends a line with the time to `log.txt`, for people; a log that cannot be written stops nothing.
  public func log(_ line: String) {
    let stamp = Date().formatted(.iso8601)
    guard let file = fopen(folder.appendingPathComponent("log.txt").path, "a") else { return }
    fputs("\(stamp) \(line)\n", file)
    fclose(file)
  }

  /// Limits the database to this many pages from now on: what a full disk does to it, for tests.
  package func limit(pages: Int) throws(RunStoreError) {
    try access { database in
      try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
    }
  }

  /// Runs SQL as it is: what another program may do to the file, for tests.
  package func run(sql: String) throws(RunStoreError) {
    try access { database in try database.write { try $0.execute(sql: sql) } }
  }

  /// Runs a query and turns SQLite's errors into ours.
  func access<Result>(_ body: (DatabaseQueue) throws -> Result) throws(RunStoreError) -> Result {
    do {
      return try body(database)
    } catch {
      throw Self.explain(error, file: Self.databaseFile(in: folder))
    }
  }
}
