import Yams

extension YAMLText {
  /// The first key in which two configurations differ, with both values; nil when they are equal. The key `program`, which
  /// says who wrote them, does not count.
  static func firstDifference(
    _ ours: String, _ theirs: String
  ) throws -> (key: String, ours: String, theirs: String)? {
    guard let ours = try Yams.compose(yaml: ours), let theirs = try Yams.compose(yaml: theirs) else { return nil }
    return difference(ours, theirs, path: [])
  }

  private static func difference(_ ours: YAMLNode, _ theirs: YAMLNode, path: [String]) -> (
    key: String, ours: String, theirs: String
  )? {
    guard case .mapping(let pairs) = ours, case .mapping(let others) = theirs else {
      return ours == theirs ? nil : (path.joined(separator: "."), short(ours), short(theirs))
    }
    for (key, value) in pairs {
      let name = key.string ?? ""
      if name == "program" { continue }
      guard let other = others[name] else { return ((path + [name]).joined(separator: "."), short(value), "nothing") }
      if let found = difference(value, other, path: path + [name]) { return found }
    }
    return nil
  }

  private static func short(_ node: YAMLNode) -> String {
    if let text = node.string { return text }
    if case .sequence(let elements) = node { return "[" + elements.map(short).joined(separator: ", ") + "]" }
    return "…"
  }
}
