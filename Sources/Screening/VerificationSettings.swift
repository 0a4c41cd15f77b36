/// The numbers of the convergence-property verification.
///
/// All of them are ours: the CSE-Autoloss paper names the properties (monotone towards the target, minimal at it) but not
/// its probes and thresholds. They were chosen so that every published and classical loss in the tests passes.
public struct VerificationSettings: Codable, Hashable, Sendable {
  /// MULTI_CLS: largest |x_true − logsumexp(other logits)|. Beyond about 17 good losses are flat in Float. Ours.
  public var logitGapLimit = 10.0
  /// MULTI_CLS: number of gaps from −limit to +limit on each probe family, both ends included. Ours.
  public var logitGapCount = 9
  /// MULTI_CLS: the same for more than 6 classes, where every label has one family. Ours: most of the time goes there.
  public var wideLogitGapCount = 4
  /// MULTI_CLS: numbers of classes, background included; the first is tried first. Ours (81 = COCO).
  public var classCounts = [3, 2, 6, 21, 81]
  /// MULTI_CLS: differences between the largest and the smallest of the other logits. Ours.
  public var logitSpreads = [0.0, 2.0, 6.0]
  /// MULTI_CLS: values of Z at positives, each in (0, 1]; the background has Z = 1. Ours.
  public var overlaps = [1.0, 0.1, 0.5, 0.8]
  /// BINARY_CLS: largest |x|. Ours, for the reason of `logitGapLimit`.
  public var logitLimit = 10.0
  /// BINARY_CLS: number of logits from −limit to +limit, both ends included; even, so that none is at the kink 0. Ours.
  public var logitCount = 40
  /// BINARY_CLS: numbers of classes, at least 2. Ours.
  public var binaryClassCounts = [3, 2, 5]
  /// BINARY_CLS: IoU targets Q between 0 and 1 whose minimum must not move down as Q grows, ascending. Ours.
  public var qualities = [0.1, 0.3, 0.5, 0.7, 0.9]
  /// REG: target sizes in pixels (width, height) as pairs. Ours; 8 to 512 px is the range of COCO boxes at common input sizes.
  public var targetSizes = [[64.0, 48], [8, 8], [512, 512], [16, 60], [300, 100]]
  /// REG: number of probes on the straight way of each start, the end included. Ours.
  public var pathSteps = 10
  /// REG: |value| in Float must stay below this on every probe. Ours: beyond it a step of 1e-3 leaves no digits for the rest.
  public var valueLimit = 1e6
  /// REG: a rise towards the target is one only above this share of the loss's range on the probes; below is rounding. Ours.
  public var riseTolerance = 1e-9

  public init() {}

  public static let standard = VerificationSettings()

  /// What is contradictory or out of range, in words; empty when the settings can be used.
  public var problems: [String] {
    var found: [String] = []
    func require(_ holds: Bool, _ problem: String) { if !holds { found.append(problem) } }
    require(logitGapLimit > 0 && logitGapLimit.isFinite, "logitGapLimit must be positive")
    require(logitGapCount >= 3, "logitGapCount must be at least 3")
    require(!classCounts.isEmpty && classCounts.allSatisfy { $0 >= 2 }, "classCounts must name counts of at least 2")
    require(
      !logitSpreads.isEmpty && logitSpreads.allSatisfy { $0 >= 0 && $0.isFinite },
      "logitSpreads must name numbers of at least 0")
    require(
      !overlaps.isEmpty && overlaps.allSatisfy { $0 > 0 && $0 <= 1 }, "overlaps must name numbers above 0 and up to 1")
    require(wideLogitGapCount >= 3, "wideLogitGapCount must be at least 3")
    require(logitLimit > 0 && logitLimit.isFinite, "logitLimit must be positive")
    require(logitCount >= 3, "logitCount must be at least 3")
    require(
      !binaryClassCounts.isEmpty && binaryClassCounts.allSatisfy { $0 >= 2 },
      "binaryClassCounts must name counts of at least 2")
    require(
      qualities.allSatisfy { $0 > 0 && $0 < 1 } && qualities == qualities.sorted(),
      "qualities must ascend strictly between 0 and 1")
    require(
      !targetSizes.isEmpty && targetSizes.allSatisfy { $0.count == 2 && $0.allSatisfy { $0 > 0 && $0.isFinite } },
      "targetSizes must name pairs of positive numbers")
    require(pathSteps >= 3, "pathSteps must be at least 3")
    require(valueLimit > 0, "valueLimit must be positive")
    require(riseTolerance >= 0 && riseTolerance < 1, "riseTolerance must be at least 0 and below 1")
    return found
  }
}
