import Losses
import Proxy
import RunStore
import Surrogates

/// Trains segmenters and scores them by all six metrics; owned by one thread.
final class SegmenterMeasurement {
  private let trainer: SegmentationTrainer
  private let tolerance: Int

  /// - Parameter tolerance: pixels within which boundaries count as met.
  init(_ segmenter: SegmenterSettings, tolerance: Int) throws {
    trainer = try SegmentationTrainer(segmenter)
    self.tolerance = tolerance
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
      let scores = try scores(segmenter, on: other)
      return .measured(
        Dictionary(uniqueKeysWithValues: SegmentationMetric.allCases.map { ($0.rawValue, scores[$0]) }))
    }
  }

  /// Boundaries are those of classes other than a background.
  private func scores(_ segmenter: TrainedSegmenter, on data: SegmentationDataset) throws -> SegmentationScores {
    try trainer.scores(
      segmenter, on: data,
      settings: SegmentationScorer.Settings(
        tolerance: tolerance, radius: tolerance, dropsBackground: data.hasBackground))
  }
}
