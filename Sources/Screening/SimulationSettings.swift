/// The numbers of the descent simulation on bare logits and boxes (step (a) of the stage `simulate`).
///
/// All of them are ours: the CSE-Autoloss paper describes the simulation on a detector only; this cheaper step comes first.
public struct SimulationSettings: Codable, Hashable, Sendable {
  /// Seed of the starting points; the same for every candidate, so that verdicts do not depend on their order. Ours.
  public var seed: UInt64 = 20_211
  /// Number of descent steps. Ours: classical losses need 10 to 60, alpha-IoU with alpha 3 the most.
  public var steps = 120
  /// Classification: rows of logits that descend together. Ours.
  public var rows = 24
  /// Classification: numbers of classes, background included. Ours.
  public var classCounts = [3, 21]
  /// Classification: standard deviation of the starting logits. Ours.
  public var logitDeviation = 2.0
  /// Classification: step in logits along the gradient divided by its root mean square at the label. Ours.
  public var logitStep = 0.3
  /// Classification: mean probability of the truth that must be reached. Ours.
  public var requiredProbability = 0.9
  /// Regression: boxes that descend together. Ours.
  public var boxes = 32
  /// Regression: step, in target sizes, along the gradient divided by its root mean square; it shrinks linearly to 0. Ours.
  public var boxStep = 0.1
  /// Regression: mean IoU with the target that must be reached. Ours.
  public var requiredOverlap = 0.9

  public init() {}

  public static let standard = SimulationSettings()

  /// What is contradictory or out of range, in words; empty when the settings can be used.
  public var problems: [String] {
    var found: [String] = []
    func require(_ holds: Bool, _ problem: String) { if !holds { found.append(problem) } }
    require(steps >= 1, "steps must be at least 1")
    require(rows >= 1, "rows must be at least 1")
    require(boxes >= 1, "boxes must be at least 1")
    require(!classCounts.isEmpty && classCounts.allSatisfy { $0 >= 2 }, "classCounts must name counts of at least 2")
    require(logitDeviation >= 0 && logitDeviation.isFinite, "logitDeviation must be at least 0")
    require(logitStep > 0 && logitStep.isFinite, "logitStep must be positive")
    require(boxStep > 0 && boxStep.isFinite, "boxStep must be positive")
    require(requiredProbability > 0 && requiredProbability < 1, "requiredProbability must lie between 0 and 1")
    require(requiredOverlap > 0 && requiredOverlap < 1, "requiredOverlap must lie between 0 and 1")
    return found
  }
}
