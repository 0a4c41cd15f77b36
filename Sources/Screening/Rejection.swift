import Foundation

/// Why a candidate ended: a fact about the formula, never an error of the program.
///
/// `code` is stable (store, JSON, tests); `message` is one readable sentence that names the property and the probe.
public enum Rejection: Codable, Hashable, Sendable {
  /// Same canonical form, or the same gradient on the fixed probe inputs, as a formula already judged.
  case duplicate(of: String)
  /// Same gradient up to a positive scale; only where the task normalises gradient scale.
  case familyDuplicate(of: String)
  /// The result does not have the shape that a trainable loss of the mode has.
  case notPerSample(found: String, expected: String)
  /// A node mixes the samples of a batch (a `Dot` over N).
  case batchCoupled(node: String)
  /// The gradient is zero on every probe, or no differentiable variable occurs.
  case independentOfPrediction
  /// A value or gradient is nan or infinite.
  case nonFinite(Quantity, Precision, Probe)
  /// |value| of a box loss reaches the limit, so that it cannot be trained in Float without care.
  case tooLarge(value: Double, limit: Double, Probe)
  /// The loss does not move the way that the property demands between this probe and the one before.
  case notMonotone(Property, Probe, slope: Double)
  /// The least loss lies elsewhere than at the target.
  case minimumOffTarget(Property, Probe, excess: Double)
  /// Descent ended short of its criterion. The measure is a mean probability or a mean IoU.
  case simulationMissedTarget(reached: Double, required: Double, samples: String)
  /// Descent produced nan or infinity.
  case simulationNotFinite(step: Int, samples: String)
  /// The short training stayed under the threshold (both AP50 of a detector, or the metric of a segmenter).
  case detectorBelowThreshold(score: Double, threshold: Double)
  /// Passed the screening, but its generation had no room left to train it; it may be proposed again.
  case passedOver(position: Int, tried: Int)
  /// Passed everything, but others of its generation were better.
  case notAmongBest(rank: Int, kept: Int)
  /// A training's loss or weights became nan or infinite.
  case diverged(step: Int)
  /// A training took longer than allowed, twice.
  case timedOut(seconds: Double)
  /// Workers died on this candidate.
  case quarantined(attempts: Int)

  public var code: String {
    switch self {
    case .duplicate: "duplicate"
    case .familyDuplicate: "familyDuplicate"
    case .notPerSample: "notPerSample"
    case .batchCoupled: "batchCoupled"
    case .independentOfPrediction: "independentOfPrediction"
    case .nonFinite: "nonFinite"
    case .tooLarge: "tooLarge"
    case .notMonotone: "notMonotone"
    case .minimumOffTarget: "minimumOffTarget"
    case .simulationMissedTarget: "simulationMissedTarget"
    case .simulationNotFinite: "simulationNotFinite"
    case .detectorBelowThreshold: "detectorBelowThreshold"
    case .passedOver: "passedOver"
    case .notAmongBest: "notAmongBest"
    case .diverged: "diverged"
    case .timedOut: "timedOut"
    case .quarantined: "quarantined"
    }
  }

  /// All codes, in the order of the pipeline.
  public static let codes = [
    "duplicate", "familyDuplicate", "notPerSample", "batchCoupled", "independentOfPrediction", "nonFinite", "tooLarge",
    "notMonotone", "minimumOffTarget", "simulationMissedTarget", "simulationNotFinite", "detectorBelowThreshold",
    "passedOver", "notAmongBest", "diverged", "timedOut", "quarantined",
  ]

  /// The stage that says this "no".
  public var stage: Stage {
    switch self {
    case .duplicate, .familyDuplicate: .canonicalize
    case .notPerSample, .batchCoupled, .independentOfPrediction, .nonFinite, .tooLarge, .notMonotone,
      .minimumOffTarget:
      .verify
    case .simulationMissedTarget, .simulationNotFinite, .detectorBelowThreshold, .passedOver, .notAmongBest: .simulate
    case .diverged, .timedOut, .quarantined: .proxy
    }
  }

  public var message: String {
    switch self {
    case .duplicate(let other): "the same loss as \(other)"
    case .familyDuplicate(let other): "the same loss as \(other) up to a positive scale"
    case .notPerSample(let found, let expected): "the result is \(found); a trainable loss of this mode is \(expected)"
    case .batchCoupled(let node): "\(node) mixes the samples of a batch"
    case .independentOfPrediction: "the loss does not depend on the prediction"
    case .nonFinite(let quantity, let precision, let probe):
      "the \(quantity.rawValue) in \(precision.rawValue) is not finite at \(probe)"
    case .tooLarge(let value, let limit, let probe):
      "the value \(Self.short(value)) is not below \(Self.short(limit)) in size at \(probe)"
    case .notMonotone(let property, let probe, let slope):
      "\(property.sentence) fails (slope \(Self.short(slope))) at \(probe)"
    case .minimumOffTarget(let property, let probe, let excess):
      "\(property.sentence) fails (by \(Self.short(excess))) at \(probe)"
    case .simulationMissedTarget(let reached, let required, let samples):
      "descent on \(samples) reached \(Self.short(reached)), needed is \(Self.short(required))"
    case .simulationNotFinite(let step, let samples): "descent on \(samples) was no longer finite at step \(step)"
    case .detectorBelowThreshold(let score, let threshold):
      "the short training reached \(Self.short(score)), needed is \(Self.short(threshold))"
    case .passedOver(let position, let tried):
      "survivor \(position) of its generation's screening; the first \(tried) are trained"
    case .notAmongBest(let rank, let kept): "rank \(rank) of its generation; \(kept) go on"
    case .diverged(let step): "training was no longer finite at step \(step)"
    case .timedOut(let seconds): "training took longer than \(Self.short(seconds)) s, twice"
    case .quarantined(let attempts): "the worker died in each of \(attempts) attempts"
    }
  }

  /// Four significant digits.
  private static func short(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    guard value.isFinite else { return value.brief }
    let digits = 3 - Int(log10(value.magnitude).rounded(.down))
    let scale = pow(10, Double(digits))
    let rounded = scale.isFinite && scale > 0 ? (value * scale).rounded() / scale : value
    return rounded == rounded.rounded() && rounded.magnitude < 1e7 ? "\(Int(rounded))" : "\(rounded)"
  }
}

/// What was looked at.
public enum Quantity: String, Codable, Hashable, Sendable {
  case value, gradient
}

/// In which arithmetic it was computed.
public enum Precision: String, Codable, Hashable, Sendable {
  case double, float
}
