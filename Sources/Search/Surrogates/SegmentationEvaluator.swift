import Foundation
import Losses
import Proxy
import RunStore

/// Trains and scores the segmenter for one worker thread.
public final class SegmentationEvaluator: CandidateEvaluator {
  private let space: SurrogateSpace
  private let splits: SegmentationSplits
  private let measurement: SegmenterMeasurement

  init(_ space: SurrogateSpace, splits: SegmentationSplits) throws {
    (self.space, self.splits) = (space, splits)
    measurement = try SegmenterMeasurement(
      space.segmenter, tolerance: space.surrogate.tolerance,
      dropsBackground: space.surrogate.dropsBackground)
  }

  public func evaluate(
    _ request: SurrogateRequest, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ScoreOutcome {
    let (schedule, scored) =
      switch request.purpose {
      case .proxy: (space.training.proxy, splits.searchValidation)
      case .holdOut: (space.training.final, splits.holdOut)
      }
    return try measurement.outcome(
      request.loss, schedule, seed: request.seed, on: splits.searchTrain, scoredOn: scored, isCancelled: isCancelled)
  }
}

/// Evaluators for one data set and search space.
public struct SegmentationEvaluatorSource: EvaluatorSource {
  private let space: SurrogateSpace
  private let splits: SegmentationSplits
  public let context: String

  /// - Parameters:
  ///   - space: `resolved` for the data.
  ///   - machine: what names this build and processor.
  public init(_ space: SurrogateSpace, splits: SegmentationSplits, machine: Machine = .current) throws {
    (self.space, self.splits) = (space, splits)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let context = Context(
      machine: machine, data: splits.contentHash, segmenter: space.segmenter, training: space.training,
      surrogate: space.surrogate)
    self.context = String(decoding: try encoder.encode(context), as: UTF8.self)
  }

  public func makeEvaluator() throws -> SegmentationEvaluator { try SegmentationEvaluator(space, splits: splits) }

  /// Everything outside the request that decides an outcome.
  private struct Context: Encodable {
    var machine: Machine
    var data: String
    var segmenter: SegmenterSettings
    var training: SurrogateTrainings
    /// Tolerance and background decide the score.
    var surrogate: SurrogateForm
  }
}
