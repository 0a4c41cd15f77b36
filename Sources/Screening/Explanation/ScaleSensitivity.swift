import Formulas
import Foundation
import Losses

/// How a box loss changes when all boxes are written in another unit, which multiplies every corner alike.
///
/// Training sees the gradient at the corners. It is scale-covariant when it shrinks exactly as the boxes grow, so that a step
/// in units of the box stays the same. The areas of `BoxOverlap` carry 1e-7, which matters in normalised boxes; changes
/// below a thousandth are taken as none.
public struct ScaleSensitivity: Hashable, Sendable {
  public enum Verdict: Hashable, Sendable {
    /// Value and gradient, in units of the box, stay the same.
    case invariant
    /// The gradient in units of the box stays the same; the value shifts (a logarithm of areas).
    case gradientInvariant
    /// Both are multiplied by factor^degree, as a loss weight would.
    case homogeneous(degree: Double)
    /// The balance between boxes or between terms changes.
    case dependent
    /// The gradient is not finite or 0 on all boxes as they are, so nothing can be said.
    case undecided

    /// Stable, for JSON.
    public var code: String {
      switch self {
      case .invariant: "invariant"
      case .gradientInvariant: "gradientInvariant"
      case .homogeneous: "homogeneous"
      case .dependent: "dependent"
      case .undecided: "undecided"
      }
    }
  }

  /// What one factor does.
  public struct Row: Hashable, Sendable {
    /// By which every corner is multiplied.
    public let factor: Double
    /// What that stands for.
    public let meaning: String
    /// Mean loss on the boxes.
    public let meanLoss: Double
    /// Length of the gradient in units of the box over that at factor 1.
    public let gradientRatio: Double
    /// Cosine between both gradients; 1 where the direction stays.
    public let cosine: Double
  }

  public let verdict: Verdict
  /// Mean loss on the boxes as they are, in pixels.
  public let meanLoss: Double
  public let rows: [Row]

  /// By which corners are multiplied, and why: input sides of 100 px for round numbers, the strides of detectors, a larger input. Ours.
  static let factors: [(Double, String)] = [
    (4, "input 4 times as large"), (1.0 / 8, "stride 8"), (1.0 / 32, "stride 32"), (1.0 / 100, "normalized"),
  ]

  /// Nil when the formula is none of REG or gives no number for each box.
  public init?(_ formula: Formula) {
    guard let tracer = try? NodeTracer(formula, mode: .regression) else { return nil }
    self.init(tracer)
  }

  init?(_ tracer: NodeTracer) {
    guard tracer.mode == .regression, tracer.shapes[tracer.formula.root].value == .perSample else { return nil }
    let boxes = (AdmissibleBatch.batches(of: .regression).last?.boxes ?? []).filter { $0.areas.intersection > 0 }
    let base = Self.sample(tracer, boxes)
    var rows: [Row] = []
    var degrees: [Double] = []
    var sameValue = true
    for (factor, meaning) in Self.factors {
      let scaled = Self.sample(tracer, boxes.map { $0.scaled(by: factor) })
      let pair = GradientPair(base.gradient, scaled.gradient)
      rows.append(
        Row(
          factor: factor, meaning: meaning, meanLoss: scaled.mean, gradientRatio: pair.lengthRatio, cosine: pair.cosine)
      )
      if pair.cosine > 1 - 1e-6, pair.lengthRatio > 0 { degrees.append(log(pair.lengthRatio) / log(factor)) }
      let span = base.values.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
      sameValue =
        sameValue && zip(base.values, scaled.values).allSatisfy { !$0.isFinite || abs($0 - $1) <= 1e-3 * span }
    }
    self.rows = rows
    meanLoss = base.mean
    let hasGradient = base.gradient.contains { $0.isFinite && $0 != 0 }
    verdict = hasGradient ? Self.verdict(rows, degrees, sameValue: sameValue) : .undecided
  }

  /// Whether the unit of the boxes matters for training.
  public var isDependent: Bool {
    switch verdict {
    case .invariant, .gradientInvariant: false
    case .homogeneous, .dependent, .undecided: true
    }
  }

  private static func verdict(_ rows: [Row], _ degrees: [Double], sameValue: Bool) -> Verdict {
    guard degrees.count == rows.count, let low = degrees.min(), let high = degrees.max(), high - low < 5e-3 else {
      return .dependent
    }
    let degree = degrees.reduce(0, +) / Double(degrees.count)
    if abs(degree) < 5e-3 { return sameValue ? .invariant : .gradientInvariant }
    return .homogeneous(degree: (degree * 100).rounded() / 100)
  }

  /// Value and corner gradient, in units of the boxes' sides.
  private static func sample(_ tracer: NodeTracer, _ boxes: [BoxPair]) -> (
    values: [Double], mean: Double, gradient: [Double]
  ) {
    let batch = AdmissibleBatch(boxes: boxes)
    let trace = tracer.trace(batch.inputs)
    let values = trace.values[tracer.formula.root]
    return (
      values, values.reduce(0, +) / Double(max(values.count, 1)), batch.predictionGradient(trace, of: tracer.formula)
    )
  }
}
