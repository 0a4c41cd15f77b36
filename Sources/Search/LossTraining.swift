import Foundation
import Losses
import Proxy
import RunStore

/// Trains given losses with several seeds and scores them: what `autoloss train` does.
public struct LossTraining: Sendable {
  /// Which split is scored.
  public enum Split: String, Sendable, CaseIterable {
    case searchValidation = "search-val"
    case holdOut = "holdout"
  }

  public let space: SearchSpace
  public let schedule: TrainingSettings
  public let losses: DetectionLosses
  public let split: Split

  public init(_ space: SearchSpace, schedule: TrainingSettings, losses: DetectionLosses, split: Split) {
    self.space = space
    self.schedule = schedule
    self.losses = losses
    self.split = split
  }

  /// One measurement for each seed, in order; `report` is called as each is done.
  ///
  /// Throws `Interrupted` after a stop was asked for.
  public func run(
    seeds: [UInt64], on splits: DetectionSplits, workers: Int, cancellation: Cancellation,
    report: (UInt64, TrainingMeasurement) -> Void
  ) throws -> [TrainingMeasurement] {
    let (space, schedule, losses) = (space, schedule, losses)
    let scored = split == .holdOut ? splits.holdOut : splits.searchValidation
    let pool = WorkerPool(count: min(workers, seeds.count)) {
      try DetectionEvaluator(space, splits: splits, verificationImages: splits.searchTrain)
    }
    var results: [TrainingMeasurement] = []
    try pool.mapInOrder(seeds, lookAhead: seeds.count) { evaluator, seed in
      if cancellation.isRequested { throw Interrupted() }
      return try evaluator.measure(
        losses, schedule, seed: seed, on: splits.searchTrain, scoredOn: scored,
        isCancelled: { cancellation.isRequested })
    } commit: { index, result in
      results.append(result)
      report(seeds[index], result)
    }
    return results
  }
}
