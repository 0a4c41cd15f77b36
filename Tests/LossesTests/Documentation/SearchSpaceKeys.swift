import Foundation

/// The tables of all keys of the search spaces, made from the files that hold the defaults and their comments.
enum SearchSpaceKeys {
  struct Key {
    let path: String
    let value: String
    let comment: String
  }

  /// The spaces that are written out in full; of the others of their kind stands what differs.
  static let first = "detection-twostage"
  static let firstSurrogate = "segmentation-miou"

  static func article() throws -> String {
    var lines = [
      "# Search space keys", "", "Every key of a search space, its default, and what it means.", "",
      GeneratedArticles.note, "", "## Overview", "",
      "Made from the files in `search_spaces/`. The first tables are those of `\(first)`; the keys of `autoloss "
        + "surrogate search` follow from `\(firstSurrogate)` on. A row without words is explained by "
        + "the nearest one above it; \"ours\" means that the papers are silent. How to use them: "
        + "<doc:Writing-your-own-search-space>.",
    ]
    lines += try full(first, title: { $0 })
    let (surrogates, detectors) = (
      try names().filter { $0.hasPrefix("segmentation-") }, try names().filter { !$0.hasPrefix("segmentation-") }
    )
    for name in detectors where name != first { lines += try difference(of: name, from: first) }
    lines += try full(firstSurrogate, title: { "\($0) (\(firstSurrogate))" })
    for name in surrogates where name != firstSurrogate { lines += try difference(of: name, from: firstSurrogate) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A table for each section of a space.
  private static func full(_ name: String, title: (String) -> String) throws -> [String] {
    let keys = try keys(of: name)
    return sections(of: keys).flatMap { section in
      ["", "## \(title(section))", ""] + table(keys.filter { $0.path.split(separator: ".").first == section[...] })
    }
  }

  private static func difference(of name: String, from base: String) throws -> [String] {
    let values = Dictionary(try keys(of: base).map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    return ["", "## What differs in \(name)", ""] + table(try keys(of: name).filter { values[$0.path] != $0.value })
  }

  /// The search spaces there are, sorted.
  static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Articles.root.appendingPathComponent("search_spaces").path)
      .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  /// The keys of a search space but for its profiles.
  static func keys(of name: String) throws -> [Key] {
    read(try Articles.text("search_spaces/\(name).yaml")).filter { !$0.path.hasPrefix("profiles") }
  }

  private static func sections(of keys: [Key]) -> [String] {
    keys.filter { !$0.path.contains(".") }.map(\.path)
  }

  private static func table(_ keys: [Key]) -> [String] {
    ["| key | default | meaning |", "| --- | --- | --- |"]
      + keys.map { GeneratedArticles.row(["`\($0.path)`", $0.value.isEmpty ? "" : "`\($0.value)`", $0.comment]) }
  }

  /// Keys in the order of the file; lists that go over several lines are joined.
  static func read(_ text: String) -> [Key] {
    var keys: [Key] = []
    var path: [String] = []
    var comment: [String] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var next = 0
    while next < lines.count {
      let line = lines[next]
      next += 1
      let content = line.drop { $0 == " " }
      if content.isEmpty {
        comment = []
      } else if content.first == "#" {
        comment.append(String(content.dropFirst().drop { $0 == " " }))
      } else if let colon = content.firstIndex(of: ":") {
        path = Array(path.prefix((line.count - content.count) / 2)) + [String(content[..<colon])]
        var value = String(content[content.index(after: colon)...].drop { $0 == " " })
        while next < lines.count, value.isEmpty || !isClosed(value), isContinuation(lines[next], of: value) {
          value += (value.isEmpty ? "" : " ") + lines[next].drop { $0 == " " }
          next += 1
        }
        keys.append(Key(path: path.joined(separator: "."), value: value, comment: comment.joined(separator: " ")))
        comment = []
      }
    }
    return keys
  }

  private static func isClosed(_ value: String) -> Bool {
    value.filter { $0 == "[" }.count == value.filter { $0 == "]" }.count
  }

  /// A list may begin on the line below its key, and end on a later one.
  private static func isContinuation(_ line: String, of value: String) -> Bool {
    value.isEmpty ? line.drop { $0 == " " }.first == "[" : true
  }
}
