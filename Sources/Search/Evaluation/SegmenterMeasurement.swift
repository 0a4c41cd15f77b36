import Losses
import Proxy
import RunStore
import Surrogates

/// Trains segmenters and scores them by all six metrics; owned by one thread.
final class SegmenterMeasurement {
  private let trainer: SegmentationTrainer
  private let scoring: SegmentationScorer.Settings

  /// - Parameters:
  ///   - tolerance: pixels within which boundaries count as met.
  ///   - dropsBackground: whether class 0 has no boundaries; surrogates that are trained here do the same.
  init(_ segmenter: SegmenterSettings, tolerance: Int, dropsBackground: Bool) throws {
    trainer = try SegmentationTrainer(segmenter)
    scoring = SegmentationScorer.Settings(
      tolerance: tolerance, radius: tolerance, dropsBackground: dropsBackground)
  }

  /// One training and its scores. Throws `Interrupted` soon after `isCancelled` turns true.
  func outcome(
    _ loss: SegmentationLossChoice, _ schedule: SegmentationTrainingSettings, seed: UInt64,
    on data: SegmentationDataset, scoredOn other: SegmentationDataset, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ScoreOutcome {
    let trained = try trainer.train(schedule, loss: loss.makeLoss(), on: data, seed: seed, isCancelled: isCancelled)
    switch trained {
    case .cancelled: throw Interrupted()
    case .diverged(let step): return .diverged(step: step)
    case .completed(let segmenter):
      let scores = try trainer.scores(segmenter, on: other, settings: scoring)
      return .measured(
        Dictionary(uniqueKeysWithValues: SegmentationMetric.allCases.map { ($0.rawValue, scores[$0]) }))
    }
  }
}
