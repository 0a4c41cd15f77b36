import Foundation

/// One of the recorded files in Tests/Golden, whose README.md is the specification, or in Tests/Recorded.
public struct GoldenFile: Sendable {
  public let url: URL

  public init(_ name: String) {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    url = tests.appendingPathComponent("Golden").appendingPathComponent(name)
  }

  /// A file that a script of ours beside it has recorded.
  public init(recorded name: String) {
    url = Self("").url.deletingLastPathComponent().appendingPathComponent("Recorded").appendingPathComponent(name)
  }

  /// Every line of a `.jsonl` file as an object.
  public func rows() throws -> [GoldenValue] {
    let text = try Data(contentsOf: url)
    return try text.split(separator: UInt8(ascii: "\n")).filter { !$0.isEmpty }.map { line in
      GoldenValue(try JSONSerialization.jsonObject(with: Data(line), options: [.fragmentsAllowed]))
    }
  }

  /// The one object of a `.json` file.
  public func object() throws -> GoldenValue {
    GoldenValue(try JSONSerialization.jsonObject(with: Data(contentsOf: url)))
  }
}

/// Where the small real data sets lie (see CONTRIBUTING.md): $AUTOLOSS_TEST_DATA, else ../shared/data beside the checkout.
///
/// Nil when they are absent: tests that need them are then skipped with a message.
public func realDataFolder(_ name: String) -> URL? {
  let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let base =
    ProcessInfo.processInfo.environment["AUTOLOSS_TEST_DATA"].map { URL(fileURLWithPath: $0) }
    ?? checkout.deletingLastPathComponent().appendingPathComponent("shared/data")
  let folder = base.appendingPathComponent(name)
  return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}
