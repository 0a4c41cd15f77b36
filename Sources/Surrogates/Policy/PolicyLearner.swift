import Foundation

/// A policy with the optimizer that teaches it: Adam (Kingma and Ba, 2015) on the means' logits.
///
/// Moments and step count go on over the generations.
public struct PolicyLearner: Codable, Hashable, Sendable {
  public private(set) var policy: ThetaPolicy
  private var firstMoments: [Double]
  private var secondMoments: [Double]
  /// Gradient steps so far.
  public private(set) var steps = 0

  private static let decays = (first: 0.9, second: 0.999)
  private static let epsilon = 1e-8

  public init(_ policy: ThetaPolicy) {
    self.policy = policy
    firstMoments = policy.logits.map { _ in 0 }
    secondMoments = firstMoments
  }

  /// Learns from one generation: `settings.updates` steps against the densities at its start.
  ///
  /// - Parameters:
  ///   - thetas: raw, drawn from the policy as it stands.
  ///   - rewards: one for each theta.
  ///   - generation: from 0, of `generations` in all; they decide the learning rate.
  ///   - observe: called after each step with the gradient that it took.
  public mutating func learn(
    thetas: [[Double]], rewards: [Double], settings: PolicySettings, generation: Int, generations: Int,
    observe: (_ learner: PolicyLearner, _ gradient: [Double]) -> Void = { _, _ in }
  ) {
    guard !thetas.isEmpty else { return }
    let update = PolicyUpdate(
      policy: policy, thetas: thetas, rewards: rewards, baseline: settings.baseline, clip: settings.clip)
    let rate = settings.learningRate * settings.schedule.factor(generation: generation, of: generations)
    for _ in 0..<settings.updates {
      let gradient = update.gradient(policy)
      step(gradient, rate: rate)
      observe(self, gradient)
    }
  }

  private mutating func step(_ gradient: [Double], rate: Double) {
    steps += 1
    let firstCorrection = 1 - pow(Self.decays.first, Double(steps))
    let secondCorrection = 1 - pow(Self.decays.second, Double(steps))
    for (number, slope) in gradient.enumerated() {
      firstMoments[number] += (1 - Self.decays.first) * (slope - firstMoments[number])
      secondMoments[number] =
        Self.decays.second * secondMoments[number] + (1 - Self.decays.second) * slope * slope
      let size = (secondMoments[number] / secondCorrection).squareRoot() + Self.epsilon
      policy.logits[number] -= rate * firstMoments[number] / firstCorrection / size
    }
  }
}
