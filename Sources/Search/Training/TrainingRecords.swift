import Foundation
import Proxy

/// What is kept of trainings while they run; none of it changes a result.
public struct TrainingRecords: Sendable {
  /// Checkpoints and predictions of each seed; nil: nothing is kept.
  public var folder: TrainingFolder?
  /// Steps between checkpoints; one is written at the end and on a stop in any case.
  public var checkpointInterval: Int
  /// TensorBoard's event files, in a folder for each seed.
  public var events: URL?
  /// Steps between scorings on the way; 0: at the end alone.
  public var scoringInterval: Int

  public init(
    folder: TrainingFolder? = nil, checkpointInterval: Int = 200, events: URL? = nil, scoringInterval: Int = 0
  ) {
    (self.folder, self.checkpointInterval) = (folder, checkpointInterval)
    (self.events, self.scoringInterval) = (events, scoringInterval)
  }
}

/// How far one of several trainings is.
public struct TrainingProgress: Sendable {
  public let seed: UInt64
  /// Steps done, also those before a continuation.
  public let step: Int
  public let steps: Int
  /// Images seen in the step just done; 0 where a training begins or goes on.
  public let images: Int
  public let losses: LossSummary
}

/// One trained and scored seed.
public struct SeedResult: Sendable {
  public let seed: UInt64
  public let measurement: TrainingMeasurement
  /// On the scored split; nil after divergence.
  public let evaluation: COCOResult?
  /// The same of masks, where the detector finds them.
  public let maskEvaluation: COCOResult?
  /// By image of the scored split, in pixels of the input.
  public let detections: [[Detection]]
  /// Set where a continuation began.
  public let resumedAt: Int?

  public var masks: MaskScore? { maskEvaluation.map(MaskScore.init) }
}
