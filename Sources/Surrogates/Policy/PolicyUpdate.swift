import Foundation

/// One generation's rewards as the loss that the policy descends: proximal policy optimization for each number of theta.
///
/// Ratio and clip act for each number by itself, the densities before the update stay fixed, and the loss is minus the mean
/// over the samples of the smaller product, summed over the numbers: the search of Auto Seg-Loss (Li et al., ICLR 2021),
/// after Schulman et al. (2017).
public struct PolicyUpdate: Sendable {
  private let thetas: [[Double]]
  private let advantages: [Double]
  /// Logarithms of the densities under the policy that drew the samples, by sample and number.
  private let before: [[Double]]
  private let clip: Double

  /// - Parameters:
  ///   - policy: the one that the thetas were drawn from.
  ///   - thetas: raw, in 0 ... 1; with the baseline `mu` the first is the policy's mean.
  ///   - rewards: one for each theta.
  public init(
    policy: ThetaPolicy, thetas: [[Double]], rewards: [Double], baseline: RewardBaseline, clip: Double
  ) {
    self.thetas = thetas
    self.clip = clip
    let reference: Double
    switch baseline {
    case .policyMean: reference = rewards.first ?? 0
    case .sampleMean: reference = rewards.reduce(0, +) / Double(max(rewards.count, 1))
    }
    advantages = rewards.map { $0 - reference }
    before = Self.logDensities(policy, thetas)
  }

  /// The loss at a policy.
  public func loss(_ policy: ThetaPolicy) -> Double {
    var sum = 0.0
    for (sample, densities) in Self.logDensities(policy, thetas).enumerated() {
      for (number, density) in densities.enumerated() {
        let ratio = exp(density - before[sample][number])
        let clipped = min(max(ratio, 1 - clip), 1 + clip)
        sum += min(ratio * advantages[sample], clipped * advantages[sample])
      }
    }
    return -sum / Double(thetas.count)
  }

  /// The gradient of `loss` with respect to the policy's logits.
  public func gradient(_ policy: ThetaPolicy) -> [Double] {
    let means = policy.means
    return policy.coordinates.enumerated().map { number, distribution in
      var sum = 0.0
      for (sample, theta) in thetas.enumerated() {
        let ratio = exp(distribution.logDensity(theta[number]) - before[sample][number])
        let advantage = advantages[sample]
        // Past the clip on the side of the advantage the smaller product no longer depends on the policy.
        let isClipped = advantage >= 0 ? ratio > 1 + clip : ratio < 1 - clip
        if !isClipped { sum += advantage * ratio * distribution.meanDerivative(theta[number]) }
      }
      return -sum / Double(thetas.count) * means[number] * (1 - means[number])
    }
  }

  private static func logDensities(_ policy: ThetaPolicy, _ thetas: [[Double]]) -> [[Double]] {
    let distributions = policy.coordinates
    return thetas.map { zip(distributions, $0).map { $0.logDensity($1) } }
  }
}
