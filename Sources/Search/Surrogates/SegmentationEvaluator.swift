import Foundation
import Losses
import Proxy
import RunStore
import Surrogates

/// Trains and scores the segmenter for one worker thread.
public final class SegmentationEvaluator: CandidateEvaluator {
  private let space: SurrogateSpace
  private let splits: SegmentationSplits
  private let trainer: SegmentationTrainer

  init(_ space: SurrogateSpace, splits: SegmentationSplits) throws {
    (self.space, self.splits) = (space, splits)
    trainer = try SegmentationTrainer(space.segmenter)
  }

  public func evaluate(
    _ request: SurrogateRequest, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ScoreOutcome {
    switch request.purpose {
    case .proxy: try measure(request, space.training.proxy, scoredOn: splits.searchValidation, isCancelled)
    case .holdOut: try measure(request, space.training.final, scoredOn: splits.holdOut, isCancelled)
    }
  }

  private func measure(
    _ request: SurrogateRequest, _ schedule: SegmentationTrainingSettings, scoredOn data: SegmentationDataset,
    _ isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ScoreOutcome {
    let trained = try trainer.train(
      schedule, loss: request.loss.makeLoss(), on: splits.searchTrain, seed: request.seed, isCancelled: isCancelled)
    switch trained {
    case .cancelled: throw Interrupted()
    case .diverged(let step): return .diverged(step: step)
    case .completed(let segmenter):
      let scores = try scores(segmenter, on: data)
      return .measured(
        Dictionary(uniqueKeysWithValues: SegmentationMetric.allCases.map { ($0.rawValue, scores[$0]) }))
    }
  }

  /// The metrics over all images of the data; boundaries are those of classes other than a background.
  private func scores(_ segmenter: TrainedSegmenter, on data: SegmentationDataset) throws -> SegmentationScores {
    let tolerance = space.surrogate.tolerance
    return try trainer.scores(
      segmenter, on: data,
      settings: SegmentationScorer.Settings(
        tolerance: tolerance, radius: tolerance, dropsBackground: data.hasBackground))
  }
}

/// Evaluators for one data set and search space.
public struct SegmentationEvaluatorSource: EvaluatorSource {
  private let space: SurrogateSpace
  private let splits: SegmentationSplits
  public let context: String

  /// - Parameter machine: what names this build and processor.
  public init(_ space: SurrogateSpace, splits: SegmentationSplits, machine: Machine = .current) throws {
    (self.space, self.splits) = (space, splits)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let context = Context(
      machine: machine, data: splits.contentHash, segmenter: space.segmenter, training: space.training,
      tolerance: space.surrogate.tolerance)
    self.context = String(decoding: try encoder.encode(context), as: UTF8.self)
  }

  public func makeEvaluator() throws -> SegmentationEvaluator { try SegmentationEvaluator(space, splits: splits) }

  /// Everything outside the request that decides an outcome.
  private struct Context: Encodable {
    var machine: Machine
    var data: String
    var segmenter: SegmenterSettings
    var training: SurrogateTrainings
    var tolerance: Int
  }
}
