import Foundation
import GRDB

/// Files and errors of a run folder: making it, opening its database, saying what went wrong.
extension RunStore {
  static func open(
    _ file: URL, fresh: Bool, readonly: Bool = false
  ) throws(RunStoreError) -> DatabaseQueue {
    if fresh {
      for suffix in ["", "-wal", "-shm"] { unlink(file.path + suffix) }
    }
    do {
      var configuration = Configuration()
      configuration.readonly = readonly
      if !readonly { configuration.journalMode = .wal }
      configuration.busyMode = .timeout(10)
      let queue = try DatabaseQueue(path: file.path, configuration: configuration)
      if fresh {
        try queue.writeWithoutTransaction { try Schema.migrate($0, from: 0) }
      } else {
        try check(queue, file: file, readonly: readonly)
      }
      return queue
    } catch {
      throw explain(error, file: file)
    }
  }

  /// Refuses what is not a run of a version we know; brings an older one up to date.
  private static func check(_ queue: DatabaseQueue, file: URL, readonly: Bool) throws {
    let (application, version) = try queue.read { database in
      (
        try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
      )
    }
    guard application == Schema.applicationID else {
      if version == 0, try queue.read({ try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }) == 0 {
        throw RunStoreError.corrupt(path: file.path, detail: "it is empty")
      }
      throw RunStoreError.foreign(path: file.path)
    }
    guard version <= Schema.current else {
      throw RunStoreError.newerVersion(path: file.path, found: version, known: Schema.current)
    }
    guard version >= 1 else { throw RunStoreError.corrupt(path: file.path, detail: "it has no schema version") }
    let verdict = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
    guard verdict == "ok" else {
      let lines = (verdict ?? "quick_check failed").split(separator: "\n")
      throw RunStoreError.corrupt(path: file.path, detail: lines.joined(separator: " "))
    }
    if version < Schema.current, !readonly {
      try queue.writeWithoutTransaction { try Schema.migrate($0, from: version) }
    }
  }

  /// Makes the folder and those above it that are missing; names the one that cannot be made.
  static func makeFolder(_ folder: URL) throws(RunStoreError) {
    var path = ""
    for part in folder.standardizedFileURL.path.split(separator: "/") {
      path += "/" + part
      if mkdir(path, 0o755) == 0 || errno == EEXIST { continue }
      let reason = errno
      // Above a folder that exists, making one may be forbidden without harm.
      if FileManager.default.fileExists(atPath: path) { continue }
      if reason == ENOSPC { throw .diskFull(path: path) }
      throw .unwritable(path: path, reason: String(cString: strerror(reason)))
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw .unwritable(path: folder.path, reason: "it is no folder")
    }
  }

  static func write(_ text: String, to file: URL) throws(RunStoreError) {
    do {
      try Data(text.utf8).write(to: file, options: .atomic)
    } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
      throw .diskFull(path: file.path)
    } catch {
      throw .unwritable(path: file.path, reason: reason(error))
    }
  }

  static func explain(_ error: any Error, file: URL) -> RunStoreError {
    if let known = error as? RunStoreError ?? damage(error, file: file) { return known }
    guard let sqlite = error as? DatabaseError else { return .failed(path: file.path, detail: reason(error)) }
    let detail = sqlite.message ?? "SQLite error \(sqlite.resultCode.rawValue)"
    switch sqlite.resultCode {
    case .SQLITE_FULL: return .diskFull(path: file.path)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt(path: file.path, detail: detail)
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: return .unwritable(path: file.path, reason: detail)
    case .SQLITE_BUSY, .SQLITE_LOCKED: return .inUse(folder: file.deletingLastPathComponent().path)
    default: return .failed(path: file.path, detail: detail)
    }
  }

  /// The reason of a system error in a few words, without the path that the message names anyway.
  static func reason(_ error: any Error) -> String {
    let cocoa = error as NSError
    if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(underlying.code)))
    }
    if cocoa.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(cocoa.code))) }
    if let code = (error as? CocoaError)?.code, code == .fileWriteNoPermission { return "permission denied" }
    return cocoa.localizedDescription
  }
}
