/// How the policy begins and learns; the keys of `policy` in a search space for surrogates.
///
/// Defaults are those of Auto Seg-Loss's released search for mIoU (Li et al., ICLR 2021).
public struct PolicySettings: Codable, Hashable, Sendable {
  /// Means that the search begins with, one for each number of theta or one for all, each between 0 and 1.
  public var means: [Double] = [0.25, 0.25, 0.3333, 0.3333, 0.5, 0.5, 0.25, 0.25, 0.3333, 0.3333, 0.5, 0.5]
  /// Standard deviations, which stay as they are; one for each number of theta or one for all.
  public var deviations: [Double] = [0.2]
  /// What a reward is compared with.
  public var baseline = RewardBaseline.policyMean
  /// A ratio of densities further than this from 1 no longer moves the means.
  public var clip = 0.2
  /// Adam's learning rate on the means' logits.
  public var learningRate = 0.2
  /// How the learning rate goes on from generation to generation.
  public var schedule = PolicySchedule.constant
  /// Gradient steps after each generation.
  public var updates = 60

  public init() {}

  /// What contradicts itself, each in one sentence that begins with the key; empty when nothing does.
  ///
  /// - Parameter numbers: how many numbers theta has.
  public func problems(numbers: Int) -> [String] {
    var problems: [String] = []
    for (key, list) in [("means", means), ("deviations", deviations)] where ![1, numbers].contains(list.count) {
      problems.append("\(key): has \(list.count) numbers, theta has \(numbers): give \(numbers), or one for all")
    }
    if !means.allSatisfy({ $0 > 0 && $0 < 1 }) { problems.append("means: must lie between 0 and 1, both excluded") }
    if !deviations.allSatisfy({ $0 >= 0.001 && $0 <= 100 }) {
      problems.append("deviations: must lie in 0.001 ... 100")
    }
    if !(clip > 0 && clip < 1) { problems.append("clip: must lie between 0 and 1, both excluded") }
    if !(learningRate > 0 && learningRate <= 10) { problems.append("learningRate: must be positive and at most 10") }
    if !(1...10_000).contains(updates) { problems.append("updates: must lie in 1 ... 10000") }
    return problems
  }
}

/// What the reward of a sample is measured from.
public enum RewardBaseline: String, Codable, Hashable, Sendable, CaseIterable {
  /// The reward of the policy's mean, which is the first sample of every generation.
  case policyMean = "mu"
  /// The mean reward of the generation's samples.
  case sampleMean = "mean"
}

/// The learning rate by generation.
public enum PolicySchedule: String, Codable, Hashable, Sendable, CaseIterable {
  case constant
  /// From the full rate at the first generation towards 0 after the last.
  case linear

  /// The factor of the learning rate.
  /// - Parameters:
  ///   - generation: from 0.
  ///   - generations: how many there are.
  public func factor(generation: Int, of generations: Int) -> Double {
    switch self {
    case .constant: 1
    case .linear: 1 - Double(generation) / Double(generations + 1)
    }
  }
}
