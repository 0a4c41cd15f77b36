import Formulas

/// What, beside the formula, a training with a loss depends on: one loss in full, as it is passed on (design §3).
///
/// The keys are those of the YAML and JSON cards; unknown ones are refused. A segmentation surrogate has mode
/// SURROGATE and `metric`, `parameterization`, `theta`, `tolerance` and `drop_background` in place of a formula.
public struct LossCard: Hashable, Sendable {
  /// The version of the schema that this program writes and reads.
  public static let version = 1

  /// What the reduced loss is divided by.
  public enum Average: String, CaseIterable, Hashable, Sendable, Codable {
    case elements
    case sampled
    case positives
    case positivesPlusImages = "positives_plus_images"
  }

  /// What feeds Z or Q.
  public enum IoUSource: String, CaseIterable, Hashable, Sendable, Codable {
    case none
    case decodedBox = "decoded_box"
  }

  /// The unit of the areas U, I and E is the square of this.
  public enum BoxUnits: String, CaseIterable, Hashable, Sendable, Codable {
    case pixels
    case stride
    case normalized
  }

  /// What a card is for: a mode of formulas, or a segmentation surrogate.
  public enum Kind: Hashable, Sendable {
    case formula(Formula, Mode)
    case surrogate(SurrogateParameters)
  }

  /// A measured result.
  public struct Evidence: Hashable, Sendable, Codable {
    public var data: String
    public var split: String
    public var detector: String
    public var seeds: [UInt64]
    public var metric: String
    public var mean: Double
    public var std: Double
    public var baseline: String?
    public var pairedInterval: [Double]?
    public var command: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case data, split, detector, seeds, metric, mean, std, baseline, command
      case pairedInterval = "paired_interval"
    }

    public init(
      data: String, split: String, detector: String, seeds: [UInt64], metric: String, mean: Double, std: Double,
      baseline: String? = nil, pairedInterval: [Double]? = nil, command: String? = nil
    ) {
      (self.data, self.split, self.detector, self.seeds) = (data, split, detector, seeds)
      (self.metric, self.mean, self.std) = (metric, mean, std)
      (self.baseline, self.pairedInterval, self.command) = (baseline, pairedInterval, command)
    }
  }

  /// Where the loss comes from.
  public struct Provenance: Hashable, Sendable, Codable {
    public var source: String?
    public var run: String?
    public var seed: UInt64?
    public var version: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case source, run, seed, version }

    public init(source: String? = nil, run: String? = nil, seed: UInt64? = nil, version: String? = nil) {
      (self.source, self.run, self.seed, self.version) = (source, run, seed, version)
    }
  }

  public var name: String
  public var kind: Kind
  /// Multiplies the reduced loss.
  public var lossWeight: Double
  /// BINARY_CLS: weight of positives (negatives get 1 − alpha); nil for none.
  public var alpha: Double?
  public var reduction: Reduction
  public var averageBy: Average
  public var iou: IoUSource
  public var boxUnits: BoxUnits
  /// Codes such as scaleDependent, deadCode, fp16Overflow.
  public var warnings: [String]
  public var evidence: [Evidence]
  public var provenance: Provenance

  public init(
    name: String, kind: Kind, lossWeight: Double = 1, alpha: Double? = nil, reduction: Reduction = .mean,
    averageBy: Average = .sampled, iou: IoUSource = .none, boxUnits: BoxUnits = .pixels, warnings: [String] = [],
    evidence: [Evidence] = [], provenance: Provenance = Provenance()
  ) {
    (self.name, self.kind, self.lossWeight, self.alpha) = (name, kind, lossWeight, alpha)
    (self.reduction, self.averageBy, self.iou, self.boxUnits) = (reduction, averageBy, iou, boxUnits)
    (self.warnings, self.evidence, self.provenance) = (warnings, evidence, provenance)
  }
}

extension LossCard {
  /// The classification loss of the card; nil when it is for boxes or segmentation.
  public var classificationLoss: ClassificationLoss? {
    guard case .formula(let formula, let mode) = kind, mode != .regression else { return nil }
    return ClassificationLoss(
      formula: formula, mode: mode, weight: Float(lossWeight), alpha: Float(alpha ?? -1))
  }

  /// The box loss of the card; nil when it is for classification or segmentation.
  public var boxLoss: BoxLoss? {
    guard case .formula(let formula, .regression) = kind else { return nil }
    return BoxLoss(.formula(formula), weight: Float(lossWeight))
  }
}
