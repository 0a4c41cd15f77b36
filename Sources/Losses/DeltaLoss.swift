/// The distance of encoded box deltas from their targets: L1, or smooth L1 (Girshick, Fast R-CNN, 2015, eq. 3).
public struct DeltaLoss: Hashable, Sendable {
  /// Below this distance the loss is a parabola; 0 is plain L1.
  public let beta: Float
  public let lossWeight: Float

  public init(beta: Float = 0, lossWeight: Float = 1) {
    self.beta = beta
    self.lossWeight = lossWeight
  }

  /// Σ weight · distance / averageFactor · lossWeight.
  /// - Parameters:
  ///   - predicted: deltas, any number of them.
  ///   - targets: as many.
  ///   - weights: as many, or nil for 1.
  ///   - averageFactor: positive.
  ///   - gradient: as many places for the gradient with respect to `predicted`, or nil.
  /// - Throws: `LossError.count`.
  public func evaluate(
    predicted: UnsafeBufferPointer<Float>, targets: UnsafeBufferPointer<Float>, weights: UnsafeBufferPointer<Float>?,
    averageFactor: Float, gradient: UnsafeMutablePointer<Float>?
  ) throws(LossError) -> Float {
    guard targets.count == predicted.count else {
      throw .count("targets", given: targets.count, expected: predicted.count)
    }
    if let weights, weights.count != predicted.count {
      throw .count("weights", given: weights.count, expected: predicted.count)
    }
    var sum = 0.0
    for k in predicted.indices {
      let difference = predicted[k] - targets[k]
      let distance = abs(difference)
      let factor = (weights?[k] ?? 1) * lossWeight / averageFactor
      let isNear = distance < beta
      sum += Double((isNear ? difference * difference / (2 * beta) : distance - beta / 2) * factor)
      let slope: Float = isNear ? difference / beta : difference > 0 ? 1 : difference < 0 ? -1 : 0
      gradient?[k] = slope * factor
    }
    return Float(sum)
  }
}
