import Losses
import Proxy
import Yams

/// Everything that decides what a training finds: written to `config.yaml`, compared on `--resume`.
public struct TrainingPlan: Codable, Hashable, Sendable {
  /// Version of this schema.
  public var train = 1
  /// Version of the program that began.
  public var program: String
  /// `synthetic` or the data folder, and the content hash of its three parts.
  public var data: String
  public var dataHash: String
  /// The losses as they were given, and what that means.
  public var classification: String
  public var regression: String
  public var losses: DetectionLosses
  public var schedule: TrainingSettings
  public var seeds: [UInt64]
  /// Which split is scored.
  public var scoreOn: LossTraining.Split
  /// Content hash of the backbone that all seeds begin with, or "none".
  public var initialHash: String
  public var space: SearchSpace

  public init(
    program: String, data: String, dataHash: String, classification: String, regression: String,
    losses: DetectionLosses, schedule: TrainingSettings, seeds: [UInt64], scoreOn: LossTraining.Split,
    initialHash: String, space: SearchSpace
  ) {
    (self.program, self.data, self.dataHash) = (program, data, dataHash)
    (self.classification, self.regression, self.losses) = (classification, regression, losses)
    (self.schedule, self.seeds, self.scoreOn) = (schedule, seeds, scoreOn)
    (self.initialHash, self.space) = (initialHash, space)
  }

  public func yaml() throws -> String { try YAMLText.text(of: self) }

  /// - Throws: `SearchSpaceError` naming the file.
  public static func parse(_ text: String, place: String) throws -> TrainingPlan {
    do {
      return try YAMLDecoder().decode(TrainingPlan.self, from: text)
    } catch {
      throw SearchSpaceError.badValue(
        place: place, key: "configuration",
        reason: "is damaged or was written by another version of autoloss: go on with that version, or train anew")
    }
  }

  /// Refuses to go on with something else than what was begun; further seeds may follow those that were.
  ///
  /// - Parameter comparesWeights: false while what the seeds begin with has not been read.
  /// - Throws: `SearchError.differentRun` naming the first key, `changedData`, `changedWeights`.
  public func check(against stored: TrainingPlan, folder: String, comparesWeights: Bool = true) throws {
    var ours = self
    (ours.dataHash, ours.initialHash) = (stored.dataHash, stored.initialHash)
    if seeds.starts(with: stored.seeds) { ours.seeds = stored.seeds }
    if let difference = try YAMLText.firstDifference(ours.yaml(), stored.yaml()) {
      throw SearchError.differentRun(
        folder: folder, key: difference.key, given: difference.ours, stored: difference.theirs)
    }
    guard dataHash == stored.dataHash else { throw SearchError.changedData(folder: folder, data: data) }
    guard !comparesWeights || initialHash == stored.initialHash else {
      throw SearchError.changedWeights(folder: folder, given: initialHash, stored: stored.initialHash)
    }
  }
}
