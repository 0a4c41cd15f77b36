/// The table of all keys of the search space, made from the file that holds the defaults and its comments.
enum SearchSpaceKeys {
  struct Key {
    let path: String
    let value: String
    let comment: String
  }

  static func article() throws -> String {
    let keys = try read(Articles.text("search_spaces/detection-twostage.yaml"))
    var lines = [
      "# Search space keys", "",
      "Every key of a search space, its default for `detection-twostage`, and what it means.", "",
      GeneratedArticles.note, "", "## Overview", "",
      "Made from `search_spaces/detection-twostage.yaml`. A row without words is explained by the nearest one above it; "
        + "\"ours\" means that the papers are silent. How to use them: <doc:Writing-your-own-search-space>.",
    ]
    var section = ""
    for key in keys where key.path.hasPrefix("profiles") == false {
      let name = String(key.path.prefix { $0 != "." })
      if name != section {
        section = name
        lines += ["", "## \(name)", "", "| key | default | meaning |", "| --- | --- | --- |"]
      }
      let value = key.value.isEmpty ? "" : "`\(key.value)`"
      lines.append(GeneratedArticles.row(["`\(key.path)`", value, key.comment]))
    }
    return lines.joined(separator: "\n") + "\n"
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
