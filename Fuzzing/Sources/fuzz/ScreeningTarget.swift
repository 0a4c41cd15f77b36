import Formulas
import Losses
import Screening

/// Every formula gets a verdict, twice the same, and a fingerprint that its text has too.
enum ScreeningTarget {
  /// Few probes: the fuzzer looks for what breaks, not for good losses.
  private static let verifier: Verifier = {
    var settings = VerificationSettings.standard
    settings.classCounts = [3, 2]
    settings.logitGapCount = 5
    settings.logitCount = 6
    settings.binaryClassCounts = [2]
    settings.targetSizes = [[64, 48]]
    settings.pathSteps = 3
    return Verifier(settings)
  }()

  static func run(_ bytes: UnsafeRawBufferPointer) {
    var choices = Choices(bytes)
    let code = choices.byte()
    guard let fuzzed = FuzzedFormula(&choices), fuzzed.formula.nodeCount <= 150 else { return }
    let (formula, mode) = (fuzzed.formula, fuzzed.mode)
    switch code % 8 {
    case 0, 1, 2, 3:
      let verdict = verifier.verify(formula, mode: mode)
      demand(verdict.rejection?.message.isEmpty != true, "a rejection of \(formula) says why")
      let plain = verifier.verifyPlainly(formula, mode: mode)
      demand(verdict.rejection?.code == plain.rejection?.code, "\(mode) \(formula): \(verdict), plainly \(plain)")
    case 4, 5:
      let print = GradientFingerprint(formula, mode: mode)
      demand(print != nil, "\(formula) has a fingerprint")
      demand(print == GradientFingerprint(formula, mode: mode), "\(formula) has one fingerprint")
    case 6: isItself(formula, mode)
    case _:
      guard formula.nodeCount <= 40 else { return }
      let explanation = unwrap("\(formula) is explained") { () throws(FormulaError) in
        try Explanation(formula, mode: mode)
      }
      demand(explanation.formula == formula, "\(formula) is what is explained")
    }
  }

  /// Twice a formula has the same gradient up to a scale.
  private static func isItself(_ formula: Formula, _ mode: Mode) {
    var builder = FormulaBuilder()
    let root = builder.insert(formula)[formula.root]
    let product = builder.binary(.mul, builder.constant(2), root)
    let twice = builder.build(root: product)
    if case .different(let witness) = LossEquality.compare(formula, twice, mode: mode) {
      demand(false, "\(mode) \(formula) differs from twice itself: \(witness)")
    }
  }
}
