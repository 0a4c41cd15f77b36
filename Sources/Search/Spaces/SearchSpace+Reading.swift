import Foundation
import Losses
import Yams

/// A search space as a file gives it: its settings, its profiles, its text.
public struct SearchSpaceFile: Sendable {
  /// The file's name without `.yaml`, or its path.
  public let name: String
  /// The YAML text with its comments.
  public let text: String

  /// Reads a search space by the name of an embedded one, or from a file.
  public static func named(_ name: String) throws(SearchSpaceError) -> SearchSpaceFile {
    if let text = EmbeddedSpaces.all[name] { return SearchSpaceFile(name: name, text: text) }
    let looksLikePath = name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
    guard looksLikePath || FileManager.default.fileExists(atPath: name) else {
      throw .unknownSpace(name: name, known: EmbeddedSpaces.names)
    }
    do {
      return SearchSpaceFile(name: name, text: try String(contentsOfFile: name, encoding: .utf8))
    } catch {
      throw .unreadable(
        path: name, reason: FileManager.default.fileExists(atPath: name) ? "it is no UTF-8 text file" : "no such file")
    }
  }

  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  /// What the file is a search space for.
  public func kind() throws -> SpaceKind {
    if case .mapping(let keys) = try parts().space, let task = keys["task"]?.string { return SpaceKind(task: task) }
    return .detection
  }

  /// The settings: the task's defaults, then this file, then the profile, then the overrides (`key=value`) in order.
  ///
  /// Every profile is checked, also those not chosen.
  public func resolved(profile: String? = nil, overrides: [String] = []) throws -> SearchSpace {
    try settings(profile: profile, overrides: overrides)
  }

  /// The same for a search space of surrogates.
  ///
  /// - Parameter metric: whose defaults lie under a file that names no metric.
  public func resolvedSurrogate(
    metric: SegmentationMetric = .meanIoU, profile: String? = nil, overrides: [String] = []
  ) throws -> SurrogateSpace {
    try settings(defaultBase: SurrogateSpace.embeddedName(metric), profile: profile, overrides: overrides)
  }

  /// The settings of any kind of space.
  func settings<Settings: SpaceSettings>(
    defaultBase: String? = nil, profile: String?, overrides: [String]
  ) throws -> Settings {
    let (space, profiles) = try parts()
    var overlay = try SettingsOverlay(defaults: Settings.plain(task: taskName(space)))
    if case .mapping(let keys) = space {
      if let task = keys["task"]?.string, SpaceKind(task: task) != Settings.kind {
        throw SearchSpaceError.badValue(
          place: name, key: "task", reason: "\(task) is a task of `autoloss \(SpaceKind(task: task).verb)`")
      }
      let base = Settings.base(task: keys["task"]?.string, metric: keys["metric"]?.string) ?? defaultBase
      if let base, base != name, let embedded = EmbeddedSpaces.all[base] {
        try overlay.lay(SearchSpaceFile(name: base, text: embedded).parts().space, source: base)
      }
    }
    try overlay.lay(space, source: name)
    for (other, node) in profiles {
      var trial = overlay
      try trial.lay(node, source: name)
      try trial.settings(source: name).checkLimits()
      if other == profile { overlay = trial }
    }
    if let profile, !profiles.contains(where: { $0.name == profile }) {
      throw SearchSpaceError.unknownProfile(name: profile, known: profiles.map(\.name))
    }
    for text in overrides { try overlay.lay(Self.node(of: text), source: "--set \(text)") }
    let settings = try overlay.settings(source: overrides.isEmpty ? name : "--set")
    try settings.checkLimits()
    return settings
  }

  private func taskName(_ space: YAMLNode) -> String? {
    guard case .mapping(let keys) = space else { return nil }
    return keys["task"]?.string
  }

  /// The names of the profiles in this file.
  public func profiles() throws -> [String] { try parts().profiles.map(\.name) }

  private func parts() throws -> (space: YAMLNode, profiles: [(name: String, node: YAMLNode)]) {
    guard let document = try Self.compose(text, source: name) else { return (YAMLNode([(YAMLNode, YAMLNode)]()), []) }
    guard case .mapping(var mapping) = document, let found = mapping["profiles"] else { return (document, []) }
    mapping["profiles"] = nil
    guard case .mapping(let pairs) = found else {
      throw SearchSpaceError.badValue(place: name, key: "profiles", reason: "takes names with keys below them")
    }
    return (.mapping(mapping), pairs.map { ($0.key.string ?? "", $0.value) })
  }

  /// `a.b=value` as the YAML `a: {b: value}`.
  private static func node(of text: String) throws -> YAMLNode {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw SearchSpaceError.badOverride(text: text)
    }
    let keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let value = try compose(String(text[text.index(after: equals)...]), source: "--set \(text)") ?? YAMLNode("")
    return keys.reversed().reduce(value) { YAMLNode([(YAMLNode($1), $0)]) }
  }

  private static func compose(_ text: String, source: String) throws -> YAMLNode? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw SearchSpaceError.syntax(place: source, problem: error.oneLine)
    }
  }
}

extension YamlError {
  /// The problem and its place, without the quoted source.
  var oneLine: String {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return "line \(mark.line), column \(mark.column): \(problem)"
    case .duplicatedKeysInMapping(let duplicates, let context):
      return "line \(context.mark.line): the key '\(duplicates.joined(separator: "', '"))' stands there twice"
    case .no, .memory, .reader, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
      return "\(self)".split(separator: "\n").first.map(String.init) ?? "unreadable"
    }
  }
}

/// Settings that are written as a search space: a file laid over defaults, key by key.
protocol SpaceSettings: Codable, Hashable, Sendable {
  static var kind: SpaceKind { get }
  /// The plain defaults of a task.
  static func plain(task: String?) -> Self
  /// The embedded space that a file with these keys lies over; nil for the plain defaults.
  static func base(task: String?, metric: String?) -> String?
  /// Throws the first contradiction, named by its key.
  func checkLimits() throws
}

/// What a search space is for; the key `task` of its file decides.
public enum SpaceKind: String, Hashable, Sendable, CaseIterable {
  case detection
  case surrogate

  /// Unknown tasks count as detection, whose reader names them.
  init(task: String) {
    self = task == SurrogateTask.segmentationSurrogate.rawValue ? .surrogate : .detection
  }

  /// The verb that searches it.
  var verb: String {
    switch self {
    case .detection: "evolve"
    case .surrogate: "surrogate search"
    }
  }
}

extension SearchSpace: SpaceSettings {
  static let kind = SpaceKind.detection

  static func plain(task: String?) -> SearchSpace {
    SearchSpace(task: task.flatMap(SearchTask.init(rawValue:)) ?? .detectionTwoStage)
  }

  static func base(task: String?, metric: String?) -> String? { task }

  /// The space as YAML, every key written out.
  public func yaml() throws -> String { try YAMLText.text(of: self) }
}
