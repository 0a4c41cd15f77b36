import Formulas

/// Whether two formulas are one loss: proved by algebra, or observed on probe inputs.
///
/// What counts is the gradient, since it is all that training sees: with respect to the logits, or for REG to the
/// predicted corners; and where one's value is not finite and the other's is, they differ. Formulas that differ by an added
/// constant are the same loss. A positive factor acts like the
/// loss weight: such formulas are of one family.
public enum LossEquality: Sendable {
  /// They train alike.
  case same(Evidence)
  /// The second's gradient is `scale` times the first's on every probe; `probes` rows or box pairs were compared.
  case family(scale: Double, probes: Int)
  /// Inputs at which the gradients differ, also up to one positive factor.
  case different(LossWitness)
  /// Neither could be shown.
  case undecided(Obstacle)

  /// Why two formulas are the same loss.
  public enum Evidence: Sendable {
    /// Proved: the rules of `CanonicalRule` turn both into one formula; `rules` are those that were applied.
    case canonicalForm(Formula, rules: [CanonicalRule])
    /// Observed, not proved: equal gradients on this many rows or box pairs.
    case equalGradients(probes: Int)
  }

  /// Why nothing could be said.
  public enum Obstacle: Hashable, Sendable {
    /// A formula that is not one of the mode.
    case notOfMode(FormulaError)
    /// A formula whose rows depend on one another has no gradient of one row.
    case couplesSamples(Formula)
    /// Too few probes gave finite gradients with digits left: only this many.
    case tooFewProbes(Int)
  }

  /// How many rows or box pairs must agree before formulas are called equal.
  public static let fewestProbes = 12

  /// Where formulas of equal gradients part in Float, in which detectors train: one still follows Double there, the other
  /// has lost its gradient or is not finite. Values and gradients of the witness are those in Float. Nil when no probe
  /// shows such.
  public static func floatWitness(_ a: Formula, _ b: Formula, mode: Mode) -> LossWitness? {
    FloatPart.witness(a, b, mode: mode)
  }

  /// Compares two formulas of a mode: canonical forms first, then gradients in Double on simple inputs, on the inputs
  /// of `GradientFingerprint`, and on random ones, all of them such as the wrappers make.
  ///
  /// Gradients agree when they differ by less than 1e-8 of the row's largest entry, and differ when it is more than
  /// 1e-6 and more than a thousand times what rounding can do; rows in between say nothing.
  public static func compare(_ a: Formula, _ b: Formula, mode: Mode) -> LossEquality {
    do throws(FormulaError) {
      let couples = (try a.couplesSamples(in: mode), try b.couplesSamples(in: mode))
      let forms = (CanonicalForm(a, in: mode), CanonicalForm(b, in: mode))
      if forms.0.formula == forms.1.formula {
        let applied = Set(forms.0.rules + forms.1.rules)
        return .same(.canonicalForm(forms.0.formula, rules: CanonicalRule.allCases.filter(applied.contains)))
      }
      if couples.0 || couples.1 { return .undecided(.couplesSamples(couples.0 ? a : b)) }
      return compare(try GradientPair.samples(a, b, mode: mode))
    } catch {
      return .undecided(.notOfMode(error))
    }
  }

  private static func compare(_ samples: [GradientPair]) -> LossEquality {
    let plain = samples.map { $0.difference(scale: 1) }
    if plain.allSatisfy({ $0.clarity == nil }) {
      let probes = plain.count { $0 == .none }
      return probes < fewestProbes ? .undecided(.tooFewProbes(probes)) : .same(.equalGradients(probes: probes))
    }
    let best = samples.compactMap(\.scale).min { $0.uncertainty < $1.uncertainty }
    if let scale = best?.factor, scale > 0 {
      let scaled = samples.map { $0.difference(scale: scale) }
      let probes = scaled.count { $0 == .none }
      if scaled.allSatisfy({ $0.clarity == nil }) {
        return probes < fewestProbes ? .undecided(.tooFewProbes(probes)) : .family(scale: scale, probes: probes)
      }
    }
    return .different(witness(samples, plain))
  }

  /// The first of the simple inputs that shows a difference of a tenth, else the input that shows the largest.
  private static func witness(_ samples: [GradientPair], _ differences: [GradientPair.Difference]) -> LossWitness {
    var best = 0
    for (place, difference) in differences.enumerated() {
      guard let clarity = difference.clarity else { continue }
      if samples[place].isSimple, clarity >= 0.1, clarity < 2 { return samples[place].witness }
      if clarity > differences[best].clarity ?? 0 { best = place }
    }
    return samples[best].witness
  }
}

/// One row of inputs, or one pair of boxes, with what both formulas are there.
public struct LossWitness: Sendable {
  /// One row; C numbers of each variable for the classification modes.
  public let inputs: LossInputs<Double>
  /// For REG, the boxes (x1, y1, x2, y2) that U, I and E come from.
  public let boxes: (predicted: [Double], target: [Double])?
  /// The values of both formulas: one number, or C.
  public let values: (first: [Double], second: [Double])
  /// The gradients of both: with respect to the C logits, or the four predicted corners.
  public let gradients: (first: [Double], second: [Double])
}

extension LossEquality.Obstacle {
  public var message: String {
    switch self {
    case .notOfMode(let error): error.rendering
    case .couplesSamples(let formula):
      "\(formula) sums over the samples of a batch, so that no single row shows its gradient: only equal canonical "
        + "forms could be found, and they differ"
    case .tooFewProbes(let count):
      "only \(count) probe inputs gave finite gradients with digits left, too few to tell: see eval-expr --verify"
    }
  }
}
