import Formulas
import Foundation
import Losses
import Proxy
import RunStore
import Surrogates

/// Trains and scores the segmenter with formulas for one worker thread.
public final class SegmenterFormulaEvaluator: CandidateEvaluator {
  private let target: SegmentationTarget
  private let splits: SegmentationSplits
  private let dropsBackground: Bool
  private let verificationImages: SegmentationDataset
  private let measurement: SegmenterMeasurement

  init(_ target: SegmentationTarget, splits: SegmentationSplits, verificationImages: SegmentationDataset) throws {
    (self.target, self.splits, self.verificationImages) = (target, splits, verificationImages)
    dropsBackground = target.dropBackground.applies(hasBackground: splits.hasBackground)
    measurement = try SegmenterMeasurement(
      target.segmenter, tolerance: target.tolerance, dropsBackground: dropsBackground)
  }

  public func evaluate(
    _ request: TrainingRequest, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ScoreOutcome {
    let (schedule, data, scored) =
      switch request.purpose {
      case .simulate: (target.training.verify, verificationImages, verificationImages)
      case .proxy: (target.training.proxy, splits.searchTrain, splits.searchValidation)
      case .holdOut: (target.training.final, splits.searchTrain, splits.holdOut)
      }
    return try measurement.outcome(
      try loss(request.losses.classification), schedule, seed: request.seed, on: data, scoredOn: scored,
      isCancelled: isCancelled)
  }

  /// One of the names of `SegmentationLossChoice`, or a formula.
  private func loss(_ text: String) throws -> SegmentationLossChoice {
    let published = try SurrogateParameters.published(target.metric).with(tolerance: target.tolerance)
      .with(dropsBackground: dropsBackground)
    if let named = SegmentationLossChoice(name: text, published: published) { return named }
    return .formula(try LossText.classification(text, .segmentation, place: "loss").formula)
  }
}

/// Evaluators for one data set and search space of the task segmentation.
public struct SegmenterFormulaSource: EvaluatorSource {
  private let target: SegmentationTarget
  private let splits: SegmentationSplits
  private let verificationImages: SegmentationDataset
  public let context: String

  /// - Parameter machine: what names this build and processor.
  public init(_ target: SegmentationTarget, splits: SegmentationSplits, machine: Machine = .current) throws {
    (self.target, self.splits) = (target, splits)
    verificationImages = splits.searchTrain.onePerClass()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let context = Context(machine: machine, data: splits.contentHash, target: target)
    self.context = String(decoding: try encoder.encode(context), as: UTF8.self)
  }

  public func makeEvaluator() throws -> SegmenterFormulaEvaluator {
    try SegmenterFormulaEvaluator(target, splits: splits, verificationImages: verificationImages)
  }

  /// Everything outside the request that decides an outcome.
  private struct Context: Encodable {
    var machine: Machine
    var data: String
    /// The metric decides what `published` stands for.
    var target: SegmentationTarget
  }
}
