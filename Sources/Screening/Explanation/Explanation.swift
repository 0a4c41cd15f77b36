import Formulas
import Losses

/// What can be said about one formula without training: what it is, whether it is sound, what is superfluous, where it fails.
///
/// Nothing a formula does is an error here: values that are not finite, results of other shapes and formulas that are no
/// losses are reported as data.
public struct Explanation: Sendable {
  public let formula: Formula
  public let mode: Mode
  public let shape: Shape
  /// The shape of every node.
  public let nodeShapes: [NodeShape]
  public let canonical: CanonicalForm
  public let fingerprint: GradientFingerprint?
  /// Every question of the verification; nil where the analyses were left out.
  public let properties: PropertyReport?
  /// Nil where the formula gives no number for each sample, element or box.
  public let gradient: GradientStatistics?
  /// Known losses by the direction of their gradients, the nearest first; empty where there is no gradient.
  public let nearest: [NearestLoss]
  public let deadParts: [DeadPart]
  public let hazards: [Hazard]
  /// REG alone.
  public let scale: ScaleSensitivity?
  public let originalToolIssues: [OriginalToolIssue]

  /// Formulas with more nodes are described, not analysed, so that an explanation never takes long.
  public static let nodeLimit = 1_000

  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public init(_ formula: Formula, mode: Mode) throws(FormulaError) {
    let tracer = try NodeTracer(formula, mode: mode)
    self.formula = formula
    self.mode = mode
    nodeShapes = tracer.shapes
    shape = tracer.shapes[formula.root].shape
    canonical = CanonicalForm(formula, in: mode)
    originalToolIssues = formula.originalToolIssues
    guard formula.nodeCount <= Self.nodeLimit else {
      (fingerprint, properties, gradient, nearest) = (nil, nil, nil, [])
      (deadParts, hazards, scale) = ([], [], nil)
      return
    }
    fingerprint = GradientFingerprint(formula, mode: mode)
    properties = PropertyReport(formula, mode: mode)
    gradient = GradientStatistics(tracer)
    nearest = NearestLoss.ranked(tracer)
    deadParts = DeadPartSearch(tracer).parts()
    hazards = HazardSearch(tracer).hazards()
    scale = ScaleSensitivity(tracer)
  }

  /// Whether the analyses were made.
  public var isComplete: Bool { properties != nil }

  /// The codes that belong on the loss card, each once, in the order of `LossWarning.allCases`.
  public var warnings: [LossWarning] {
    LossWarning.ofAnalyses(deadParts: deadParts, hazards: hazards, scale: scale)
  }
}

extension LossWarning {
  /// The warnings of a formula for its loss card; empty when it is not one of the mode or too large to be analysed.
  public static func codes(of formula: Formula, mode: Mode) -> [LossWarning] {
    guard formula.nodeCount <= Explanation.nodeLimit, let tracer = try? NodeTracer(formula, mode: mode) else {
      return []
    }
    return ofAnalyses(
      deadParts: DeadPartSearch(tracer).parts(), hazards: HazardSearch(tracer).hazards(),
      scale: ScaleSensitivity(tracer))
  }

  fileprivate static func ofAnalyses(deadParts: [DeadPart], hazards: [Hazard], scale: ScaleSensitivity?)
    -> [LossWarning]
  {
    let codes = hazards.map(\.code)
    return allCases.filter { code in
      switch code {
      case .scaleDependent: scale?.isDependent == true
      case .deadCode: deadParts.contains(where: \.isDeadCode)
      case .logOfNegative, .logOfZero, .divisionByZero, .divisorChangesSign, .rootOfNegative, .rootSlopeInfinite,
        .expClamped, .nonFinite, .fp32Overflow, .fp32DeadGradient, .fp32PrecisionLoss, .fp32AutogradOverflow,
        .bf16Overflow,
        .bf16DeadGradient, .bf16PrecisionLoss, .fp16EpsilonVanishes, .fp16Overflow, .fp16DeadGradient,
        .fp16PrecisionLoss:
        codes.contains(code)
      }
    }
  }
}
