import Formulas
import Yams

/// A node of a YAML document; the name `Node` belongs to formulas here.
typealias YAMLNode = Yams.Node

/// Puts given YAML over the encoded defaults of a settings type, so that files may be partial and no unknown key slips by.
///
/// The defaults, encoded, are the list of known keys: a settings struct therefore encodes all its keys.
struct SettingsOverlay<Settings: Codable> {
  private(set) var node: YAMLNode

  init(defaults: Settings) throws {
    let text = try YAMLEncoder().encode(defaults)
    node = try Yams.compose(yaml: text) ?? YAMLNode([(YAMLNode, YAMLNode)]())
  }

  /// Lays a node over what is there; `source` names where it comes from, such as a file.
  mutating func lay(_ given: YAMLNode, source: String) throws {
    node = try Self.merge(given, over: node, path: [], source: source)
  }

  /// The settings as they stand.
  func settings(source: String) throws -> Settings {
    do {
      return try YAMLDecoder().decode(Settings.self, from: node)
    } catch let error as DecodingError {
      throw explain(error, source: source)
    }
  }

  private static func merge(_ given: YAMLNode, over base: YAMLNode, path: [String], source: String) throws -> YAMLNode {
    guard case .mapping(var known) = base else {
      if case .mapping = given {
        throw SearchSpaceError.badValue(
          place: place(given, source), key: path.joined(separator: "."), reason: "takes a value, not keys of its own")
      }
      return given
    }
    guard case .mapping(let pairs) = given else {
      if given.isEmptyScalar { return base }
      throw SearchSpaceError.badValue(
        place: place(given, source), key: path.isEmpty ? "search space" : path.joined(separator: "."),
        reason: "takes keys: \(known.keys.compactMap(\.string).joined(separator: ", "))")
    }
    for (key, value) in pairs {
      let name = key.string ?? ""
      guard let below = known[name] else {
        let names = Array(known.keys.compactMap(\.string))
        throw SearchSpaceError.unknownKey(
          place: place(key, source), key: (path + [name]).joined(separator: "."),
          suggestion: NameSuggestion.nearest(to: name, among: names).map { (path + [$0]).joined(separator: ".") },
          known: names)
      }
      known[name] = try merge(value, over: below, path: path + [name], source: source)
    }
    return .mapping(known)
  }

  private static func place(_ node: YAMLNode, _ source: String) -> String {
    node.mark.map { "\(source):\($0.line)" } ?? source
  }

  private func explain(_ error: DecodingError, source: String) -> SearchSpaceError {
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
      .dataCorrupted(let found):
      context = found
    @unknown default:
      return .badValue(place: source, key: "search space", reason: "\(error)")
    }
    var place: YAMLNode? = node
    for key in context.codingPath { place = key.intValue.flatMap { place?[$0] } ?? place?[key.stringValue] }
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    let value = place?.string.map { "'\($0)' " } ?? ""
    let reason =
      Self.expectation(error) ?? choices(at: context.codingPath, given: place?.string) ?? context.debugDescription
    return .badValue(
      place: place.map { Self.place($0, source) } ?? source, key: path, reason: "\(value)does not fit: \(reason)")
  }

  /// What a key with a few named values takes, in words: the names with which the settings can be read; nil for other keys.
  private func choices(at path: [any CodingKey], given: String?) -> String? {
    guard let given, !path.isEmpty else { return nil }
    let fitting = SettingNames.all.filter { name in
      do {
        _ = try YAMLDecoder().decode(Settings.self, from: Self.replace(path[...], in: node, by: name))
        return true
      } catch DecodingError.dataCorrupted(let context) {
        // Another fault further on is not about this key.
        return !context.codingPath.map(\.stringValue).elementsEqual(path.map(\.stringValue))
      } catch {
        return false
      }
    }
    // A key that takes any text takes them all.
    guard !fitting.isEmpty, fitting.count < SettingNames.all.count else { return nil }
    let names = fitting.joined(separator: ", ")
    return NameSuggestion.nearest(to: given, among: fitting).map { "did you mean '\($0)'? (one of \(names))" }
      ?? "give one of \(names)"
  }

  private static func replace(_ path: ArraySlice<any CodingKey>, in node: YAMLNode, by name: String) -> YAMLNode {
    guard let key = path.first else { return YAMLNode(name) }
    switch node {
    case .mapping(var mapping):
      if let below = mapping[key.stringValue] {
        mapping[key.stringValue] = replace(path.dropFirst(), in: below, by: name)
      }
      return .mapping(mapping)
    case .sequence(var sequence):
      if let index = key.intValue, sequence.indices.contains(index) {
        sequence[index] = replace(path.dropFirst(), in: sequence[index], by: name)
      }
      return .sequence(sequence)
    case .scalar, .alias: return node
    }
  }

  /// What a key of the wrong type should hold, in words; nil for other faults.
  private static func expectation(_ error: DecodingError) -> String? {
    guard case .typeMismatch(let type, _) = error else { return nil }
    switch type {
    case is Int.Type, is UInt64.Type: return "give a whole number"
    case is Double.Type, is Float.Type: return "give a number"
    case is Bool.Type: return "give true or false"
    case is String.Type: return "give a text"
    default: return nil
    }
  }
}

extension YAMLNode {
  /// A key without a value, as in a section that is commented out.
  fileprivate var isEmptyScalar: Bool {
    if case .scalar(let scalar) = self { return scalar.string.isEmpty }
    return false
  }
}
