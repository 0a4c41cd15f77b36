import Formulas
import Foundation
import Losses
import Yams

/// Loss cards as files: YAML, or the same keys in JSON; a file may hold several, one document each.
public enum LossCardFile {
  /// The first card of a file.
  ///
  /// Throws `SearchSpaceError` naming file and key.
  public static func read(_ path: String) throws -> LossCard {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw SearchSpaceError.unreadable(path: path, reason: "no such text file")
    }
    do {
      var documents = try Yams.compose_all(yaml: text)
      guard let node = documents.next() else {
        throw SearchSpaceError.syntax(place: path, problem: "the file is empty")
      }
      return try YAMLDecoder().decode(LossCard.self, from: node)
    } catch let error as DecodingError {
      throw SearchSpaceError.badValue(place: path, key: "loss card", reason: error.reason)
    } catch let error as YamlError {
      throw SearchSpaceError.syntax(place: path, problem: "\(error)".split(separator: "\n").joined(separator: " "))
    }
  }

  /// Cards as one YAML text, a document each.
  public static func text(of cards: [LossCard]) throws -> String {
    let encoder = YAMLEncoder()
    encoder.options.width = -1
    return try cards.map { "---\n" + (try encoder.encode($0)) }.joined()
  }
}

extension DecodingError {
  /// The path and the fact in one line.
  var reason: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return (context.codingPath.map(\.stringValue) + [context.debugDescription]).joined(separator: ": ")
    case .keyNotFound(let key, _): return "the key '\(key.stringValue)' is missing"
    @unknown default: return "\(self)"
    }
  }
}
