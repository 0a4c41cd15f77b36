import Formulas
import Losses
import Screening

/// Judges formulas without any detector: identity, convergence properties, descent; owned by one thread.
struct FormulaScreen: Sendable {
  let verifier: Verifier
  let simulation: DescentSimulation
  /// Whether gradients that differ by a positive factor alone count as equal.
  let mergesFamilies: Bool

  init(_ space: SearchSpace) {
    verifier = Verifier(space.verification)
    simulation = DescentSimulation(space.simulation)
    mergesFamilies = space.selection.mergeFamilies
  }

  /// What tells the formula's loss from others.
  func identity(of candidate: BranchFormula) -> Judgments.Identity {
    let fingerprint = GradientFingerprint(candidate.formula, mode: candidate.mode)
    return Judgments.Identity(
      mode: candidate.mode, text: candidate.formula.description,
      canonical: candidate.formula.canonical(in: candidate.mode).description,
      fingerprint: (mergesFamilies ? fingerprint?.familyDescription : fingerprint?.description) ?? "")
  }

  /// Nil when the formula passes verification and the descent simulation.
  func rejection(of candidate: BranchFormula) -> Rejection? {
    verifier.verify(candidate.formula, mode: candidate.mode).rejection
      ?? simulation.run(candidate.formula, mode: candidate.mode).rejection
  }
}
