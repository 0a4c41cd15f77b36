import Foundation
import JSONValues

/// A text file named on the command line, read whole; what is wrong with it is said in one sentence.
enum InputFile {
  /// - Parameters:
  ///   - option: the option that names the file, for messages.
  ///   - form: what the file should be, such as "a file of JSON Lines".
  /// - Throws: `InputError` for a folder, a file that is not there or cannot be read, and text in a wide encoding.
  static func read(_ path: String, option: String, form: String) throws(InputError) -> Data {
    guard !path.isEmpty else { throw InputError("\(option): is empty; give \(form)") }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw InputError("\(option) \(path): no such text file; give \(form)")
    }
    guard !isFolder.boolValue else { throw InputError("\(option) \(path): is a directory; give \(form)") }
    let data: Data
    do {
      data = try contents(of: path)
    } catch {
      throw InputError("\(option) \(path): cannot be read; give \(form)")
    }
    // UTF-16 in earnest has zeros; a stray byte order mark alone spoils one line.
    if let encoding = TextEncoding(detectedIn: data), data.prefix(64).contains(0) {
      throw InputError("\(option) \(path): line 1, column 1: \(encoding.mend)")
    }
    return data
  }

  /// Pipes and devices are read to their end, files are mapped.
  private static func contents(of path: String) throws -> Data {
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    if attributes?[.type] as? FileAttributeType == .typeRegular {
      return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    }
    guard let handle = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileReadUnknown) }
    return try handle.readToEnd() ?? Data()
  }
}
