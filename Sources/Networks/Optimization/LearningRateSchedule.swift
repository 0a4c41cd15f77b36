import Foundation

/// The learning rate of each step: a linear warm-up, then constant, in steps down, or half a cosine.
public struct LearningRateSchedule: Codable, Hashable, Sendable {
  public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
    case constant
    case step
    case cosine
  }

  public var kind: Kind
  /// The rate after the warm-up.
  public var base: Double
  /// The steps over which the rate grows linearly from `warmupFactor · base` to `base`.
  public var warmupSteps: Int
  public var warmupFactor: Double
  /// Kind `step`: fractions of all steps, ascending in 0 ... 1, after each of which the rate is multiplied by `factor`.
  public var milestones: [Double]
  public var factor: Double
  /// Kind `cosine`: the last rate as a share of `base` (Loshchilov and Hutter, 2017, eq. 5).
  public var finalFactor: Double

  public init(
    kind: Kind = .cosine, base: Double = 0.02, warmupSteps: Int = 0, warmupFactor: Double = 0.01,
    milestones: [Double] = [0.67, 0.92], factor: Double = 0.1, finalFactor: Double = 0
  ) {
    self.kind = kind
    self.base = base
    self.warmupSteps = warmupSteps
    self.warmupFactor = warmupFactor
    self.milestones = milestones
    self.factor = factor
    self.finalFactor = finalFactor
  }

  /// The rate of one step, counted from 0, of `total` steps.
  public func rate(at step: Int, of total: Int) -> Double {
    if step < warmupSteps {
      let progress = Double(step) / Double(warmupSteps)
      return base * (warmupFactor + (1 - warmupFactor) * progress)
    }
    switch kind {
    case .constant: return base
    case .step:
      let passed = milestones.filter { Double(step) >= $0 * Double(total) }.count
      return base * pow(factor, Double(passed))
    case .cosine:
      let progress = Double(step - warmupSteps) / Double(max(1, total - warmupSteps))
      return base * (finalFactor + (1 - finalFactor) * 0.5 * (1 + cos(.pi * min(1, progress))))
    }
  }
}
