import Evolution
import Randomness
import RunStore
import Yams

/// Everything that decides what a run finds: written to `config.yaml`, compared on `--resume`.
public struct RunConfiguration: Codable, Hashable, Sendable {
  /// Version of this schema.
  public var run = 1
  /// Version of the program that started the run.
  public var program: String
  /// `synthetic` or the data folder.
  public var data: String
  public var seed: UInt64
  public var space: SearchSpace

  public init(program: String, data: String, seed: UInt64, space: SearchSpace) {
    self.program = program
    self.data = data
    self.seed = seed
    self.space = space
  }

  /// The seed of the first, second … training of one kind; below 2³¹, so that every reader of JSON keeps it exact.
  func seed(_ purpose: TrainingPurpose, _ index: Int = 0) -> UInt64 {
    SeededGenerator.derive(seed: seed, stream: purpose.rawValue, index: UInt64(index)) & 0x7fff_ffff
  }

  /// The training of a stored candidate.
  func request(_ candidate: CandidateRecord, _ purpose: TrainingPurpose) -> TrainingRequest {
    TrainingRequest(
      losses: LossPair(classification: candidate.classification, regression: candidate.regression), purpose: purpose,
      seed: seed(purpose))
  }

  public func yaml() throws -> String { try YAMLText.text(of: self) }

  /// Reads the configuration of a run that was started before.
  public static func parse(_ text: String, place: String) throws -> RunConfiguration {
    do {
      return try YAMLDecoder().decode(RunConfiguration.self, from: text)
    } catch {
      throw SearchSpaceError.badValue(
        place: place, key: "configuration",
        reason: "was written by another version of autoloss: go on with that version, or start a new run")
    }
  }

  /// The first key in which two configurations differ, with both values; nil when they are equal.
  public func firstDifference(from other: RunConfiguration) throws -> (key: String, ours: String, theirs: String)? {
    try YAMLText.firstDifference(yaml(), other.yaml())
  }
}
