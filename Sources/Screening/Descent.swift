import Losses

/// A set of samples that descends on one loss: rows of logits, or boxes.
protocol Descent: AnyObject {
  /// What descends, in words: "24 rows of 3 logits".
  var samples: String { get }
  var measure: DescentMeasure { get }
  /// How near the samples are to their targets, in [0, 1].
  var level: Double { get }
  /// The level that must be reached; nil where descent need only stay finite.
  var required: Double? { get }
  /// How many steps may be taken.
  var stepLimit: Int { get }
  /// The level of every sample by group; groups without samples are left out.
  var groups: [DescentGroup] { get }
  /// The squared gradient of each row or box at the last evaluation.
  var squaredGradients: [Double] { get }
  /// The mean loss of a row or box at the last evaluation.
  var meanLoss: Double { get }

  /// Computes loss and gradient where the samples stand.
  func evaluate(_ program: Program)
  /// Descends until it ends.
  /// - Parameter observe: called before each step with its number, from 0.
  func run(_ program: Program, observe: (Int) -> Void) -> DescentEnding
}

extension Descent {
  /// Why a candidate ends here; nil when the descent did what is asked.
  func rejection(after ending: DescentEnding) -> Rejection? {
    switch ending {
    case .notFinite(let step): return .simulationNotFinite(step: step, samples: samples)
    case .targetReached, .stepsUsedUp, .noGradient:
      guard let required, !(level >= required) else { return nil }
      return .simulationMissedTarget(reached: level, required: required, samples: samples)
    }
  }
}

/// What a descent measures; the raw values are stable.
public enum DescentMeasure: String, CaseIterable, Hashable, Sendable, Codable {
  case trueClassProbability, lesserProbability, intersectionOverUnion

  /// With the unit.
  public var sentence: String {
    switch self {
    case .trueClassProbability: "mean probability of the true class"
    case .lesserProbability: "mean probability of the truth, the lesser of positives and negatives"
    case .intersectionOverUnion: "mean IoU with the target"
    }
  }
}

/// How a descent ended, with the number of steps that were taken.
public enum DescentEnding: Hashable, Sendable {
  case targetReached(step: Int)
  case stepsUsedUp(step: Int)
  /// The gradient is 0 at every sample.
  case noGradient(step: Int)
  /// A loss, gradient or position is nan or infinite.
  case notFinite(step: Int)

  public var steps: Int {
    switch self {
    case .targetReached(let step), .stepsUsedUp(let step), .noGradient(let step), .notFinite(let step): step
    }
  }

  /// Stable, for JSON.
  public var code: String {
    switch self {
    case .targetReached: "targetReached"
    case .stepsUsedUp: "stepsUsedUp"
    case .noGradient: "noGradient"
    case .notFinite: "notFinite"
    }
  }

  public var sentence: String {
    switch self {
    case .targetReached: "target reached"
    case .stepsUsedUp: "all steps done"
    case .noGradient(let step): "no gradient at step \(step)"
    case .notFinite(let step): "not finite at step \(step)"
    }
  }
}

/// Samples of one kind, by their levels in [0, 1].
struct DescentGroup {
  let name: String
  let levels: [Double]

  var mean: Double { levels.reduce(0, +) / Double(max(levels.count, 1)) }
}
