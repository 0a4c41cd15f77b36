import Foundation
import Losses
import Proxy
import RunStore

/// Trains and scores the two-stage detector for one worker thread.
public final class DetectionEvaluator: CandidateEvaluator {
  private let space: SearchSpace
  private let splits: DetectionSplits
  private let verificationImages: DetectionDataset
  private let trainer: DetectionTrainer

  init(
    _ space: SearchSpace, splits: DetectionSplits, verificationImages: DetectionDataset, backbone: BackboneWeights?
  ) throws {
    self.space = space
    self.splits = splits
    self.verificationImages = verificationImages
    trainer = try DetectionTrainer(detector: space.detector, backbone: backbone)
  }

  public func evaluate(
    _ request: TrainingRequest, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> ScoreOutcome {
    let losses = try request.losses.resolved(for: space.task)
    switch request.purpose {
    case .simulate:
      return try measure(
        losses, space.training.verify, seed: request.seed, on: verificationImages, scoredOn: verificationImages,
        isCancelled: isCancelled
      ).outcome
    case .proxy:
      return try measure(
        losses, space.training.proxy, seed: request.seed, on: splits.searchTrain, scoredOn: splits.searchValidation,
        isCancelled: isCancelled
      ).outcome
    case .holdOut:
      return try measure(
        losses, space.training.final, seed: request.seed, on: splits.searchTrain, scoredOn: splits.holdOut,
        isCancelled: isCancelled
      ).outcome
    }
  }

  /// One training and its scoring, timed.
  func measure(
    _ losses: DetectionLosses, _ schedule: TrainingSettings, seed: UInt64, on data: DetectionDataset,
    scoredOn other: DetectionDataset, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> TrainingMeasurement {
    let start = ProcessInfo.processInfo.systemUptime
    let result = try trainer.train(schedule, losses: losses, on: data, seed: seed, isCancelled: isCancelled)
    let trained = ProcessInfo.processInfo.systemUptime - start
    let outcome: ScoreOutcome
    switch result {
    case .cancelled: throw Interrupted()
    case .diverged(let step): outcome = .diverged(step: step)
    case .completed(let detector):
      let score = try trainer.evaluate(detector, on: other, imagesPerBatch: schedule.imagesPerBatch)
      outcome = .scored(ap: score.ap, ap50: score.ap50, ap75: score.ap75)
    }
    return TrainingMeasurement(
      outcome: outcome, seconds: ProcessInfo.processInfo.systemUptime - start,
      imagesPerSecond: Double(schedule.steps * schedule.imagesPerBatch) / max(trained, 1e-9))
  }
}

/// An outcome with what it cost.
public struct TrainingMeasurement: Sendable {
  public let outcome: ScoreOutcome
  /// Training and scoring.
  public let seconds: Double
  /// In training; meaningless after divergence.
  public let imagesPerSecond: Double
}

/// Evaluators for one data set and search space.
public struct DetectionEvaluatorSource: EvaluatorSource {
  private let space: SearchSpace
  private let splits: DetectionSplits
  private let verificationImages: DetectionDataset
  private let backbone: BackboneWeights?
  public let context: String

  /// - Parameters:
  ///   - backbone: what every training begins with; nil: drawn from the seed.
  ///   - machine: what names this build and processor.
  public init(
    _ space: SearchSpace, splits: DetectionSplits, backbone: BackboneWeights? = nil, machine: Machine = .current
  ) throws {
    try splits.require(masksFor: space.detector.kind, scoring: LossTraining.Split.allCases)
    self.space = space
    self.splits = splits
    self.backbone = backbone
    verificationImages = splits.searchTrain.onePerClass()
    context = try Self.context(space, splits, backbone, machine)
  }

  public func makeEvaluator() throws -> DetectionEvaluator {
    try DetectionEvaluator(space, splits: splits, verificationImages: verificationImages, backbone: backbone)
  }

  private struct Context: Encodable {
    var machine: Machine
    var data: String
    var detector: DetectorSettings
    var training: TrainingSchedules
    /// Left out where nothing is given.
    var initial: String?
  }

  private static func context(
    _ space: SearchSpace, _ splits: DetectionSplits, _ backbone: BackboneWeights?, _ machine: Machine
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let context = Context(
      machine: machine, data: splits.contentHash, detector: space.detector, training: space.training,
      initial: backbone?.contentHash)
    return String(decoding: try encoder.encode(context), as: UTF8.self)
  }
}
