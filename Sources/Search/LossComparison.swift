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

  /// Compares formulas or built-in losses. Throws `LossReferenceError` for texts that are none of one mode.
  public init(_ first: String, _ second: String, mode: Mode?) throws(LossReferenceError) {
    let (formula, found) = try LossReference.formula(first, mode: mode ?? Self.common(first, second))
    let (other, _) = try LossReference.formula(second, mode: found)
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

  /// The only mode that both texts can be of; nil where there is a choice, or none.
  private static func common(_ first: String, _ second: String) -> Mode? {
    let modes = Mode.allCases.filter { mode in
      [first, second].allSatisfy { (try? LossReference.formula($0, mode: mode)) != nil }
    }
    return modes.count == 1 ? modes[0] : nil
  }
}
