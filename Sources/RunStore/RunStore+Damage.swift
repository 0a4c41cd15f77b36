import Foundation
import GRDB

extension RunStore {
  /// What a database that lacks tables, columns or rows, or holds other types than ours, looks like to a query; nil for
  /// every other error. Such a file is damaged, whatever SQLite says about its pages.
  static func damage(_ error: any Error, file: URL) -> RunStoreError? {
    if let decoding = error as? RowDecodingError {
      let text = "\(decoding)".split(separator: "\n").first.map(String.init) ?? "a row"
      return .corrupt(path: file.path, detail: text.components(separatedBy: " - row:")[0])
    }
    if error is DecodingError {
      return .corrupt(path: file.path, detail: "the measures of a score are no JSON of numbers")
    }
    guard let sqlite = error as? DatabaseError else { return nil }
    switch sqlite.resultCode {
    case .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_SCHEMA:
      return .corrupt(path: file.path, detail: sqlite.message ?? "SQLite error \(sqlite.resultCode.rawValue)")
    case .SQLITE_IOERR where freeBytes(at: file) < 1 << 20:
      return .diskFull(path: file.path)
    default: return nil
    }
  }

  /// Free space of the file's disk in bytes; as much as can be where that is unknown.
  private static func freeBytes(at file: URL) -> UInt64 {
    var facts = statvfs()
    guard statvfs(file.deletingLastPathComponent().path, &facts) == 0 else { return .max }
    return UInt64(facts.f_bavail) &* UInt64(facts.f_frsize)
  }
}
