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
  /// Of |gradient|.
  public let mean: Double
  public let standardDeviation: Double
  public let largest: Double
  /// Share of entries that are exactly 0.
  public let zeroShare: Double
  /// Classification: share of rows with a true class whose gradient there is negative; nil for boxes.
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
    largest = finite.max() ?? 0
    let unit = largest > 0 ? largest : 1
    let mean = finite.reduce(0) { $0 + $1 / unit } / Double(max(finite.count, 1))
    let squares = finite.reduce(0) { $0 + ($1 / unit - mean) * ($1 / unit - mean) }
    self.mean = mean * unit
    standardDeviation = (squares / Double(max(finite.count, 1))).squareRoot() * unit
    zeroShare = Double(finite.count { $0 == 0 }) / Double(max(finite.count, 1))
    negativeAtTruth = Self.negativeShare(batches, gradients)
    reference = known.name
    let ofReference = batches.flatMap {
      $0.predictionGradient(referenceTracer.trace($0.inputs), of: known.formula)
    }
    referenceRatio = GradientPair(ofReference, all).lengthRatio
    profile = GradientProfile.rows(tracer, reference: referenceTracer)
  }

  private static func negativeShare(_ batches: [AdmissibleBatch], _ gradients: [[Double]]) -> Double? {
    var (negative, rows) = (0, 0)
    for (batch, gradient) in zip(batches, gradients) {
      for (row, truth) in batch.truth.enumerated() {
        guard let truth else { continue }
        rows += 1
        if gradient[row * batch.inputs.classes + truth] < 0 { negative += 1 }
      }
    }
    return rows == 0 ? nil : Double(negative) / Double(rows)
  }
}
