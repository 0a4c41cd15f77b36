import Yams

/// Where two settings differ, key by key. The key `program`, which says who wrote them, does not count.
extension YAMLText {
  /// A key with its value in one and in the other; nil where it is missing.
  struct Difference {
    /// The keys from the top down, with points between them.
    let key: String
    let ours, theirs: YAMLNode?
  }

  /// The first key in which two configurations differ, with both values; nil when they are equal.
  static func firstDifference(
    _ ours: String, _ theirs: String
  ) throws -> (key: String, ours: String, theirs: String)? {
    try differences(ours, theirs).first.map { ($0.key, short($0.ours), short($0.theirs)) }
  }

  /// All keys in which two texts differ, in the order of the first, then those that it lacks.
  static func differences(_ ours: String, _ theirs: String) throws -> [Difference] {
    guard let ours = try Yams.compose(yaml: ours), let theirs = try Yams.compose(yaml: theirs) else { return [] }
    return differences(ours, theirs, path: [])
  }

  private static func differences(_ ours: YAMLNode?, _ theirs: YAMLNode?, path: [String]) -> [Difference] {
    guard case .mapping(let pairs)? = ours, case .mapping(let others)? = theirs else {
      return ours == theirs ? [] : [Difference(key: path.joined(separator: "."), ours: ours, theirs: theirs)]
    }
    let names = pairs.keys.compactMap(\.string) + others.keys.compactMap(\.string).filter { pairs[$0] == nil }
    return names.filter { $0 != "program" }.flatMap { differences(pairs[$0], others[$0], path: path + [$0]) }
  }

  /// A value for a message or a table.
  static func short(_ node: YAMLNode?) -> String {
    guard let node else { return "nothing" }
    if let text = node.string { return text }
    if case .sequence(let elements) = node { return "[" + elements.map(short).joined(separator: ", ") + "]" }
    return "…"
  }
}
