import Formulas
import Losses

/// The known loss whose gradient points most nearly the same way on admissible inputs.
public struct NearestLoss: Hashable, Sendable {
  public let name: String
  /// Cosine of the angle between both gradients, in [−1, 1]; 1 means the same family.
  public let similarity: Double
  /// The factor by which the known loss comes nearest.
  public let scale: Double

  /// Whether the formula is the known loss times a positive number, as far as the probes show.
  public var isSameFamily: Bool { similarity > 1 - 1e-9 && scale > 0 }

  public var message: String {
    if isSameFamily { return abs(scale - 1) < 1e-6 ? "is \(name)" : "is \(name) times \(scale.brief)" }
    return "\(name): cosine of the gradients \(Self.cosineText(similarity)), best factor \(scale.brief)"
  }

  /// All known losses of the mode, the most similar first; equal ones in their own order. Empty where the formula has no
  /// gradient.
  static func ranked(_ tracer: NodeTracer) -> [NearestLoss] {
    let batches = AdmissibleBatch.batches(of: tracer.mode)
    let own = gradient(tracer, batches)
    let found = KnownLoss.all(of: tracer.mode).compactMap { known -> NearestLoss? in
      guard let other = try? NodeTracer(known.formula, mode: known.mode) else { return nil }
      let pair = GradientPair(own, gradient(other, batches))
      guard pair.cosine.isFinite else { return nil }
      return NearestLoss(name: known.name, similarity: pair.cosine, scale: pair.scale)
    }
    return found.enumerated().sorted {
      ($1.element.similarity, $0.offset) < ($0.element.similarity, $1.offset)
    }.map(\.element)
  }

  private static func gradient(_ tracer: NodeTracer, _ batches: [AdmissibleBatch]) -> [Double] {
    batches.flatMap { $0.predictionGradient(tracer.trace($0.inputs), of: tracer.formula) }
  }

  /// Enough digits to tell 0.9996 from 1.
  static func cosineText(_ cosine: Double) -> String {
    guard cosine > 0.9995 else { return cosine.brief }
    return 1 - cosine < 1e-9 ? "1" : "1 - \((1 - cosine).brief)"
  }
}
