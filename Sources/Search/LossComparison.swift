import Formulas
import Losses

/// Two losses as a user writes them, compared: the mode they have in common, their canonical forms, and the verdict.
public struct LossComparison: Sendable {
  public let mode: Mode
  /// The canonical forms of both.
  public let canonical: [String]
  public let verdict: LossEquality
  /// Where losses of equal gradients part in Float; nil where they do not, and for losses that differ anyway.
  public let floatWitness: LossWitness?

  /// Compares formulas or built-in losses. Throws `LossReferenceError` for texts that are none of one mode.
  public init(_ first: String, _ second: String, mode: Mode?) throws(LossReferenceError) {
    let (formula, found) = try LossReference.formula(
      first, mode: mode ?? Self.common(first, second) ?? Self.only(first) ?? Self.only(second))
    let (other, _) = try LossReference.formula(second, mode: found)
    self.mode = found
    canonical = [formula.canonical(in: found).description, other.canonical(in: found).description]
    verdict = LossEquality.compare(formula, other, mode: found)
    floatWitness =
      switch verdict {
      case .same, .family: LossEquality.floatWitness(formula, other, mode: found)
      case .different, .undecided: nil
      }
  }

  /// Equal gradients: they train alike.
  public var isEqual: Bool {
    switch verdict {
    case .same: true
    case .family, .different, .undecided: false
    }
  }

  /// Equal gradients up to a positive factor, which acts like a loss weight.
  public var isSameFamily: Bool {
    switch verdict {
    case .same, .family: true
    case .different, .undecided: false
    }
  }

  /// The only mode that both texts can be of; nil where there is a choice, or none.
  private static func common(_ first: String, _ second: String) -> Mode? {
    let modes = Mode.allCases.filter { mode in
      [first, second].allSatisfy { (try? LossReference.formula($0, mode: mode)) != nil }
    }
    return modes.count == 1 ? modes[0] : nil
  }

  /// The mode that a text is of by itself; where two texts have different ones, the error names the other's.
  private static func only(_ text: String) -> Mode? { (try? LossReference.formula(text, mode: nil))?.mode }
}
