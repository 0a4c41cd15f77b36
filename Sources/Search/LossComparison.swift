import Formulas
import Losses

/// Whether two formulas are one loss: equal canonical forms, or equal gradients on fixed probes.
public struct LossComparison: Sendable {
  public let mode: Mode
  /// The canonical forms of both.
  public let canonical: [String]
  /// Equal gradients: they train alike.
  public let isEqual: Bool
  /// Equal gradients up to a positive factor, which acts like a loss weight.
  public let isSameFamily: Bool
  /// In words.
  public let reason: String

  /// Throws `FormulaError` for texts that are no formulas of one mode.
  public init(_ first: String, _ second: String, mode: Mode?) throws(FormulaError) {
    let (formula, found) = try Self.parse(first, beside: second, mode: mode)
    let other = try Formula(parsing: second, mode: found)
    self.mode = found
    let forms = (formula.canonical(in: found), other.canonical(in: found))
    canonical = [forms.0.description, forms.1.description]
    let prints = (
      GradientFingerprint(formula, mode: found), GradientFingerprint(other, mode: found)
    )
    let sameForm = forms.0 == forms.1
    let sameGradient = prints.0.map { $0 == prints.1 } ?? false
    isEqual = sameForm || sameGradient
    isSameFamily = isEqual || (prints.0.map { print in prints.1.map { print.family == $0.family } ?? false } ?? false)
    reason =
      if sameForm {
        "equal canonical form \(forms.0)"
      } else if sameGradient {
        "equal gradients on the probe inputs"
      } else if isSameFamily {
        "gradients equal up to a positive factor, which acts like the loss weight"
      } else {
        "their gradients differ"
      }
  }

  /// The first formula, in the mode that the second one decides where the first leaves a choice.
  private static func parse(
    _ first: String, beside second: String, mode: Mode?
  ) throws(FormulaError) -> (Formula, Mode) {
    if mode == nil, let (_, decided) = try? Formula.parse(second, mode: nil) {
      return try Formula.parse(first, mode: decided)
    }
    return try Formula.parse(first, mode: mode)
  }
}
