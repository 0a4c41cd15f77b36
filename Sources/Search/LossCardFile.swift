import Formulas
import Foundation
import Losses
import Yams

/// Loss cards as files: YAML, or the same keys in JSON (`.json`); a YAML file may hold several, one document each.
public enum LossCardFile {
  /// The cards of a file, at least one.
  ///
  /// Throws `SearchSpaceError` naming file and key.
  public static func cards(_ path: String) throws -> [LossCard] {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw SearchSpaceError.unreadableCard(path: path)
    }
    do {
      let cards = path.hasSuffix(".json") ? [try JSONDecoder().decode(LossCard.self, from: data)] : try parse(text)
      if cards.isEmpty { throw SearchSpaceError.syntax(place: path, problem: "the file is empty") }
      return cards
    } catch let error as DecodingError {
      throw SearchSpaceError.badValue(place: path, key: "loss card", reason: error.reason)
    } catch let error as YamlError {
      throw SearchSpaceError.syntax(place: path, problem: error.oneLine)
    }
  }

  private static func parse(_ text: String) throws -> [LossCard] {
    var documents = try Yams.compose_all(yaml: text)
    var cards: [LossCard] = []
    while let node = documents.next() { cards.append(try YAMLDecoder().decode(LossCard.self, from: node)) }
    // The sequence ends at a fault as it does at the end of the text.
    if let error = documents.error { throw error }
    return cards
  }

  /// Cards as one YAML text, a document each, in the subset that YAML 1.1 readers (PyYAML) take alike.
  public static func text(of cards: [LossCard]) throws -> String {
    try cards.map { "---\n" + (try YAMLText.text(of: $0)) }.joined()
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
