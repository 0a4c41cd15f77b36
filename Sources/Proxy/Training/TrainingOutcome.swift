/// How a training ended. Divergence is a result, not an error.
public enum TrainingOutcome: Sendable {
  case completed(TrainedDetector)
  /// A loss or gradient was not finite at this step (from 0).
  case diverged(step: Int)
  /// The caller asked to stop before this step.
  case cancelled(step: Int)

  /// The detector when the training was completed; otherwise nil.
  public var detector: TrainedDetector? {
    if case .completed(let detector) = self { detector } else { nil }
  }
}

/// The weights that a training found, with the settings that give them a meaning.
public struct TrainedDetector: Sendable {
  public let settings: DetectorSettings
  /// Number of classes without the background.
  public let classes: Int
  /// All weights and running statistics, in an order fixed by `settings`; may start another training.
  public let weights: [Float]
  /// Mean losses over the last tenth of the steps.
  public let losses: LossSummary

  public init(settings: DetectorSettings, classes: Int, weights: [Float], losses: LossSummary) {
    (self.settings, self.classes, self.weights, self.losses) = (settings, classes, weights, losses)
  }
}

/// The losses of a detector, each with its weight applied; 0 where it has none of the kind.
public struct LossSummary: Hashable, Sendable, Codable {
  /// Two-stage: of the proposal network.
  public var objectness: Double
  public var proposalBoxes: Double
  public var classification: Double
  public var boxes: Double
  /// One-stage.
  public var centerness: Double
  /// Mask R-CNN.
  public var masks: Double

  public init(
    objectness: Double = 0, proposalBoxes: Double = 0, classification: Double = 0, boxes: Double = 0,
    centerness: Double = 0, masks: Double = 0
  ) {
    (self.objectness, self.proposalBoxes) = (objectness, proposalBoxes)
    (self.classification, self.boxes, self.centerness) = (classification, boxes, centerness)
    self.masks = masks
  }

  public var total: Double { objectness + proposalBoxes + classification + boxes + centerness + masks }
}
