import Foundation

/// The normal distribution confined to 0 ... 1: what one number of theta is drawn from.
///
/// Density, clamping and sampling are those of the policy search of Auto Seg-Loss (Li et al., ICLR 2021).
public struct TruncatedNormal: Hashable, Sendable {
  /// Mean and standard deviation of the normal distribution before it is confined; the deviation is positive.
  public let mean: Double
  public let deviation: Double

  public init(mean: Double, deviation: Double) { (self.mean, self.deviation) = (mean, deviation) }

  /// The natural logarithm of the density at x; -infinity outside 0 ... 1, where 0 and 1 themselves are inside.
  public func logDensity(_ x: Double) -> Double {
    guard (0...1).contains(x) else { return -.infinity }
    let z = (x - mean) / deviation
    return -0.5 * z * z - log(deviation * (2 * Double.pi).squareRoot()) - log(mass)
  }

  /// The derivative of `logDensity` with respect to the mean, for x in 0 ... 1.
  public func meanDerivative(_ x: Double) -> Double {
    (x - mean) / (deviation * deviation) + (Self.bell(upper) - Self.bell(lower)) / (deviation * mass)
  }

  /// The value whose share of the mass below it is `uniform`, in 0 ... 1: sampling by the inverse of the distribution.
  ///
  /// Beyond about eight deviations from the mean the normal distribution has no resolution in Double; there the value is
  /// held at that distance, as in the original.
  /// - Parameter uniform: in 0 ... 1.
  public func sample(_ uniform: Double) -> Double {
    let low = Self.distribution(lower)
    let share = low + uniform * (Self.distribution(upper) - low)
    let limit = 1 - Double.ulpOfOne
    let centred = min(max(2 * share - 1, -limit), limit)
    return min(max(mean + deviation * 2.0.squareRoot() * InverseErrorFunction.value(centred), 0), 1)
  }

  /// 0 and 1 in deviations from the mean.
  private var lower: Double { -mean / deviation }
  private var upper: Double { (1 - mean) / deviation }

  /// The share of the unconfined distribution between 0 and 1.
  private var mass: Double { 0.5 * (erf(upper * 0.5.squareRoot()) - erf(lower * 0.5.squareRoot())) }

  /// The distribution function of the standard normal.
  private static func distribution(_ z: Double) -> Double { 0.5 * erfc(-z * 0.5.squareRoot()) }

  /// The density of the standard normal.
  private static func bell(_ z: Double) -> Double { exp(-0.5 * z * z) / (2 * Double.pi).squareRoot() }
}
