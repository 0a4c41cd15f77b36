import Formulas
import RunStore
import Screening

/// What is known about formulas and combinations already seen, so that nothing is judged twice.
///
/// Formulas of one gradient are one loss; the first spelling seen represents the others. The memory is rebuilt from the
/// store's candidates, in order, and then equals that of an undisturbed run.
struct Judgments {
  /// One formula in one place of the detector.
  struct Key: Hashable {
    var mode: Mode
    var canonical: String
  }

  /// How a formula is told from others.
  struct Identity: Sendable, Hashable {
    var mode: Mode
    var text: String
    var canonical: String
    /// The hash of its gradient on fixed probes; empty where it has none.
    var fingerprint: String
  }

  private var representatives: [Key: String] = [:]
  private var byFingerprint: [Key: String] = [:]
  private var spellings: [Key: String] = [:]
  private var passed: [Key: Bool] = [:]
  private var combinations: [String: String] = [:]

  /// The canonical text that stands for the formula's loss; a new formula stands for itself from now on.
  mutating func representative(of identity: Identity) -> String {
    let key = Key(mode: identity.mode, canonical: identity.canonical)
    if let known = representatives[key] { return known }
    let print = Key(mode: identity.mode, canonical: identity.fingerprint)
    let first = identity.fingerprint.isEmpty ? nil : byFingerprint[print]
    let representative = first ?? identity.canonical
    representatives[key] = representative
    if first == nil, !identity.fingerprint.isEmpty { byFingerprint[print] = representative }
    let own = Key(mode: identity.mode, canonical: representative)
    if spellings[own] == nil { spellings[own] = identity.text }
    return representative
  }

  /// Whether the loss passed the screening; nil when it was not judged.
  func hasPassed(_ representative: String, _ mode: Mode) -> Bool? {
    passed[Key(mode: mode, canonical: representative)]
  }

  mutating func remember(_ representative: String, _ mode: Mode, passed verdict: Bool) {
    passed[Key(mode: mode, canonical: representative)] = verdict
  }

  /// The first spelling seen of a loss.
  func spelling(of representative: String, _ mode: Mode) -> String {
    spellings[Key(mode: mode, canonical: representative)] ?? representative
  }

  /// The name of a combination of losses.
  static func identity(of formulas: [ScreenedFormula]) -> String {
    formulas.map(\.representative).joined(separator: "|")
  }

  mutating func forgetCombination(_ identity: String) { combinations[identity] = nil }

  /// The earlier combination with the same losses, or nil after remembering this one.
  mutating func combination(_ identity: String, text: String) -> String? {
    if let earlier = combinations[identity] { return earlier }
    combinations[identity] = text
    return nil
  }
}
