import Randomness
import Yams

/// What a run searches; decides how its store is read.
public enum RunKind: String, Hashable, Sendable, CaseIterable {
  /// Loss formulas for detectors, by `evolve`.
  case formulas
  /// Parameters of segmentation surrogates, by `surrogate search`.
  case surrogate

  /// The verb that goes on with such a run.
  public var verb: String {
    switch self {
    case .formulas: "evolve"
    case .surrogate: "surrogate search"
    }
  }
}

/// Everything that decides what a run finds: written to `config.yaml`, compared on `--resume`.
public protocol StoredConfiguration: Codable, Hashable, Sendable {
  static var kind: RunKind { get }
  /// `synthetic` or the data folder.
  var data: String { get }
  var seed: UInt64 { get set }
}

extension StoredConfiguration {
  public func yaml() throws -> String { try YAMLText.text(of: self) }

  /// Reads the configuration of a run that was started before.
  public static func parse(_ text: String, place: String) throws -> Self {
    do {
      return try YAMLDecoder().decode(Self.self, from: text)
    } catch {
      throw SearchSpaceError.badValue(
        place: place, key: "configuration",
        reason: "was written by another version of autoloss: go on with that version, or start a new run")
    }
  }

  /// The first key in which two configurations differ, with both values; nil when they are equal.
  public func firstDifference(from other: Self) throws -> (key: String, ours: String, theirs: String)? {
    try YAMLText.firstDifference(yaml(), other.yaml())
  }

  /// The data's name without its path.
  public var dataName: String { data.split(separator: "/").last.map(String.init) ?? data }

  /// The seed of the first, second … training of one kind; below 2³¹, so that every reader of JSON keeps it exact.
  func trainingSeed(_ stream: String, _ index: Int) -> UInt64 {
    SeededGenerator.derive(seed: seed, stream: stream, index: UInt64(index)) & 0x7fff_ffff
  }

  /// The same for a segmenter: one stream for curves and formulas, which are compared seed by seed.
  ///
  /// - Parameter purpose: `proxy` and `holdout` are purposes of both.
  func segmenterSeed(_ purpose: String, _ index: Int) -> UInt64 { trainingSeed("surrogate \(purpose)", index) }
}
