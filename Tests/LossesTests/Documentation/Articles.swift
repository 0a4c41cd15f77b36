import Foundation
import GoldenData

/// The texts of the repository's documentation.
enum Articles {
  static let root = GoldenFile("").url.deletingLastPathComponent().deletingLastPathComponent()

  static let catalogues = ["Sources/Formulas/Formulas.docc", "Sources/Losses/Losses.docc"]

  /// The articles of both catalogues, as paths from the root, sorted.
  static func paths() throws -> [String] {
    try catalogues.flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
        .filter { $0.hasSuffix(".md") }.sorted().map { "\(folder)/\($0)" }
    }
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The fenced blocks of a language in a text.
  static func blocks(_ language: String, in text: String) -> [String] {
    var blocks: [String] = []
    var open: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "```\(language)" {
        open = []
      } else if line == "```", let lines = open {
        blocks.append(lines.joined(separator: "\n"))
        open = nil
      } else {
        open?.append(line)
      }
    }
    return blocks
  }
}
