import Foundation
import Losses
import Proxy
import RunStore

/// Trains given losses with several seeds and scores them: what `autoloss train` does.
public struct LossTraining: Sendable {
  /// Which split is scored.
  public enum Split: String, Sendable, Codable, CaseIterable {
    case searchValidation = "search-val"
    case holdOut = "holdout"

    /// The images of this split.
    public func images(of splits: DetectionSplits) -> DetectionDataset {
      switch self {
      case .searchValidation: splits.searchValidation
      case .holdOut: splits.holdOut
      }
    }
  }

  public let space: SearchSpace
  public let schedule: TrainingSettings
  public let losses: DetectionLosses
  public let split: Split
  /// What every seed begins with; nil: drawn from the seed.
  public let backbone: BackboneWeights?
  /// Content hash of the backbone that the checkpoints began with, or "none".
  let initialHash: String

  /// - Parameter initialHash: of the backbone, where trainings go on that all stand in checkpoints and none is given.
  public init(
    _ space: SearchSpace, schedule: TrainingSettings, losses: DetectionLosses, split: Split,
    backbone: BackboneWeights? = nil, initialHash: String? = nil
  ) {
    (self.space, self.schedule, self.losses) = (space, schedule, losses)
    (self.split, self.backbone) = (split, backbone)
    self.initialHash = backbone?.contentHash ?? initialHash ?? "none"
  }

  /// The images that are scored.
  public func scored(_ splits: DetectionSplits) -> DetectionDataset { split.images(of: splits) }

  /// One result for each seed, in order; `report` is called as each is done, on the calling thread, and `progress` after
  /// every step of every seed, on the threads that train.
  ///
  /// Seeds whose checkpoint lies in the records' folder go on from there.
  /// - Throws: `DetectorError` for data that the detector cannot learn from, `DatasetError` for a split without anything
  ///   to score; `Interrupted` after a stop was asked for, with all checkpoints written.
  public func run(
    seeds: [UInt64], on splits: DetectionSplits, workers: Int, records: TrainingRecords = TrainingRecords(),
    cancellation: Cancellation, progress: @escaping @Sendable (TrainingProgress) -> Void = { _ in },
    report: (SeedResult) throws -> Void
  ) throws -> [SeedResult] {
    try splits.require(masksFor: space.detector.kind, scoring: [split])
    let pool = WorkerPool(count: min(workers, seeds.count)) {
      try SeedTraining(self, splits: splits, records: records)
    }
    var results: [SeedResult] = []
    try pool.mapInOrder(seeds, lookAhead: seeds.count) { training, seed in
      if cancellation.isRequested { throw Interrupted() }
      return try training.run(seed: seed, isCancelled: { cancellation.isRequested }, progress: progress)
    } commit: { _, result in
      results.append(result)
      try report(result)
    }
    return results
  }
}
