import Foundation

/// Whole files as bytes, with errors in words.
enum FileBytes {
  /// - Throws: `fileUnreadable`; `name` is what the message calls the file.
  static func read(_ url: URL, name: String) throws(DatasetError) -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: url))
    } catch {
      throw .fileUnreadable(path: name, reason: reason(error))
    }
  }

  /// A file that may be missing.
  static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The system's own words for a failed file operation.
  static func reason(_ error: any Error) -> String {
    let outer = error as NSError
    let inner = (outer.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
    if let code = [inner, outer].compactMap({ $0 }).first(where: { $0.domain == NSPOSIXErrorDomain })?.code {
      return String(cString: strerror(Int32(code)))
    }
    return outer.localizedDescription
  }
}
