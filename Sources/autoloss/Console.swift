import JSONValues
import Foundation
import Reporting

/// Results go to standard output, everything else to standard error.
enum Console {
  static func print(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      Console.error(
        "error: cannot write to standard output: \(String(cString: strerror(errno))); free some space there")
      exit(ExitStatus.failed.rawValue)
    }
  }

  /// One JSON value on a line of its own.
  static func print(_ value: JSONValue) { print(value.description) }

  static func error(_ text: String) {
    // A standard error stream that takes nothing is no reason to stop.
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }
}
