import JSONValues
import Foundation
import Reporting

/// Results go to standard output, everything else to standard error.
enum Console {
  static func print(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// One JSON value on a line of its own.
  static func print(_ value: JSONValue) { print(value.description) }

  static func error(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}
