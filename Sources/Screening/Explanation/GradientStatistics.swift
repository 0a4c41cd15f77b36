import Formulas
import Foundation
import Losses

/// How large the gradient is on admissible inputs, how it is spread, and how it goes with probability or IoU, beside the
/// reference loss of the mode (cross entropy, or the linear IoU loss).
///
/// Entries: N×C for logits; N×4 for boxes, at the predicted corners, each times the target's side.
public struct GradientStatistics: Hashable, Sendable {
  /// How many entries were looked at, and how many of them are not finite (left out of the rest).
  public let entries: Int
  public let nonFinite: Int
  /// Of |gradient|; nil where no entry is finite.
  public let mean: Double?
  public let standardDeviation: Double?
  public let largest: Double?
  /// Share of finite entries that are exactly 0; nil where none is finite.
  public let zeroShare: Double?
  /// Classification: share of rows with a true class, and a finite gradient there, whose gradient there is negative; nil for
  /// boxes and where there is no such row.
  public let negativeAtTruth: Double?
  /// The loss it is compared with.
  public let reference: String
  /// Length of the gradient over that of the reference on the same inputs; nan where either is 0.
  public let referenceRatio: Double
  /// How it goes with probability or IoU.
  public let profile: [Row]

  /// One place of the profile.
  public struct Row: Hashable, Sendable {
    /// What is looked at: "true class", "positive, Q = 1", "negative", "boxes".
    public let subject: String
    /// Probability that the detector gives (of the true class, or of the element), or IoU.
    public let at: Double
    /// Gradient at that logit; for boxes the length of the corner gradient.
    public let gradient: Double
    /// The reference's gradient there.
    public let reference: Double

    /// Nan where the reference is 0.
    public var ratio: Double { reference == 0 ? .nan : gradient / reference }
  }

  /// Nil when the formula gives no number for each sample, element or box.
  public init?(_ formula: Formula, mode: Mode) {
    guard let tracer = try? NodeTracer(formula, mode: mode) else { return nil }
    self.init(tracer)
  }

  init?(_ tracer: NodeTracer) {
    guard tracer.shapes[tracer.formula.root].shape == tracer.mode.trainableShape,
      let known = KnownLoss.reference(of: tracer.mode),
      let referenceTracer = try? NodeTracer(known.formula, mode: known.mode)
    else { return nil }
    let batches = AdmissibleBatch.batches(of: tracer.mode)
    let gradients = batches.map { $0.predictionGradient(tracer.trace($0.inputs), of: tracer.formula) }
    let all = gradients.flatMap(\.self)
    let finite = all.filter(\.isFinite).map(\.magnitude)
    entries = all.count
    nonFinite = all.count - finite.count
    (mean, standardDeviation, zeroShare) = Self.moments(finite)
    largest = finite.max()
    negativeAtTruth = Self.negativeShare(batches, gradients)
    reference = known.name
    let ofReference = batches.flatMap {
      $0.predictionGradient(referenceTracer.trace($0.inputs), of: known.formula)
    }
    referenceRatio = GradientPair(ofReference, all).lengthRatio
    profile = GradientProfile.rows(tracer, reference: referenceTracer)
  }

  /// Mean, standard deviation and share of zeros, computed in units of the largest so that no square overflows; nil of nothing.
  private static func moments(_ sizes: [Double]) -> (mean: Double?, deviation: Double?, zeroShare: Double?) {
    guard let largest = sizes.max() else { return (nil, nil, nil) }
    let (unit, count) = (largest > 0 ? largest : 1, Double(sizes.count))
    let mean = sizes.reduce(0) { $0 + $1 / unit } / count
    let squares = sizes.reduce(0) { $0 + ($1 / unit - mean) * ($1 / unit - mean) }
    return (mean * unit, (squares / count).squareRoot() * unit, Double(sizes.count { $0 == 0 }) / count)
  }

  private static func negativeShare(_ batches: [AdmissibleBatch], _ gradients: [[Double]]) -> Double? {
    var (negative, rows) = (0, 0)
    for (batch, gradient) in zip(batches, gradients) {
      for (row, truth) in batch.truth.enumerated() {
        guard let truth, gradient[row * batch.inputs.classes + truth].isFinite else { continue }
        rows += 1
        if gradient[row * batch.inputs.classes + truth] < 0 { negative += 1 }
      }
    }
    return rows == 0 ? nil : Double(negative) / Double(rows)
  }
}
