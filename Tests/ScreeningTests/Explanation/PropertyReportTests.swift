import Evolution
import Formulas
import Randomness
import Screening
import Testing

@Suite struct PropertyReportTests {
  static let verifier = Verifier()

  @Test(arguments: knownGood + knownBad) func itAgreesWithTheVerifierOnKnownLosses(loss: NamedLoss) throws {
    let formula = try loss.formula()
    let report = PropertyReport(formula, mode: loss.mode)
    let rejection = Self.verifier.verify(formula, mode: loss.mode).rejection
    #expect(report.passed == (rejection == nil), "\(report.checks.filter { !$0.passed })")
    #expect(report.checks.allSatisfy { $0.passed == ($0.failures == 0) || $0.finding != nil })
    guard let rejection else { return }
    let failed = Set(report.checks.filter { !$0.passed }.map(\.question.code))
    #expect(failed.contains(Self.question(of: rejection)), "\(rejection.message), \(failed)")
  }

  @Test(arguments: Mode.allCases) func itAgreesWithTheVerifierOnRandomFormulas(mode: Mode) throws {
    let mutation = Mutation(Grammar(GrammarSettings(mode: mode)))
    let good = try knownGood.filter { $0.mode == mode }.map { try $0.formula() }
    var passed = 0
    for seed in 0..<UInt64(400) {
      var random = SeededGenerator(seed: seed)
      let kind = MutationKind.allCases[random.index(below: MutationKind.allCases.count)]
      let parent = good[random.index(below: good.count)]
      // Random formulas nearly all fail; mutants of good losses stand at the border.
      let formula =
        seed % 4 == 0
        ? randomLegalFormula(mode, seed: seed) : mutation.mutant(of: parent, kind: kind, using: &random) ?? parent
      let verdict = Self.verifier.verify(formula, mode: mode)
      let report = PropertyReport(formula, mode: mode)
      if verdict.passed { passed += 1 }
      #expect(report.checks.allSatisfy { !($0.passed && ($0.margin ?? 0) < 0) }, "seed \(seed): \(formula)")
      #expect(report.passed == verdict.passed, "seed \(seed): \(formula), \(verdict.rejection?.message ?? "passes")")
    }
    #expect(passed > 20)
  }

  /// The worst probe of cross entropy is the one with the largest gap, where it is flattest.
  @Test func theWorstProbeIsWhereTheMarginIsLeast() throws {
    let report = PropertyReport(try Formula(grammar: "Neg(Dot(Y,Log(Softmax(X))))"), mode: .multiClass)
    let check = try #require(report.checks.first { $0.question == .convergence(.gradientAtTrueLogit) })
    guard case .logits(_, _, let gap, _, _, _) = check.worst else {
      Issue.record("\(check)")
      return
    }
    // |p − 1| at a gap of 10 is 1 / (1 + e^10).
    #expect(gap == 10 && abs((check.margin ?? 0) - 4.5397868702434395e-05) < 1e-12, "\(check)")
  }

  @Test func everyPropertyIsJudgedAlsoAfterTheFirstFailure() throws {
    let report = PropertyReport(try Formula(grammar: "Dot(Y,Log(Softmax(X)))"), mode: .multiClass)
    for property in [Property.fallsInTrueLogit, .risesInOtherLogits, .gradientAtTrueLogit] {
      let check = try #require(report.checks.first { $0.question == .convergence(property) })
      #expect(!check.passed && check.failures == check.probes && check.probes > 100 && (check.margin ?? 0) < 0)
    }
    let nan = PropertyReport(try Formula(grammar: "Sqrt(Neg(U))"), mode: .regression)
    #expect(nan.checks.contains { $0.question == .finite(.value, .double) && !$0.passed && $0.worst != nil })
  }

  /// The root's slope at the target is not asked for, and the row says so.
  @Test func theGradientOfBoxesIsAskedAwayFromTheTarget() throws {
    let explanation = try Explanation(try Formula(grammar: "Sqrt(Sub(1,Div(I,U)))"), mode: .regression)
    #expect(
      explanation.hazards.contains {
        [.rootSlopeInfinite, .fp32Overflow].contains($0.code) && $0.input.contains("equal to it")
      })
    let checks = try #require(explanation.properties?.checks)
    for precision in [Precision.double, .float] {
      let gradient = try #require(checks.first { $0.question == .finite(.gradient, precision) })
      let value = try #require(checks.first { $0.question == .finite(.value, precision) })
      #expect(gradient.passed && gradient.probes < value.probes)
      #expect(gradient.sentence.hasSuffix("(boxes that overlap, away from the target)"), "\(gradient.sentence)")
      #expect(value.sentence == value.question.sentence)
      #expect(explanation.sections.contains { $0.text.contains(gradient.sentence) })
    }
    let logits = PropertyReport(try Formula(grammar: "Neg(Dot(Y,Log(Softmax(X))))"), mode: .multiClass)
    #expect(logits.checks.allSatisfy { $0.sentence == $0.question.sentence })
  }

  /// Far from the target this loss is so large that Double cannot tell a rise from rounding.
  @Test func whatIsLetPassAsRoundingHasNoNegativeMargin() throws {
    let report = PropertyReport(try Formula(grammar: "Exp(Div(U,I))"), mode: .regression)
    let check = try #require(report.checks.first { $0.question == .convergence(.neverRisesTowardsTarget) })
    #expect(check.passed && check.margin == 0 && check.sentence.hasSuffix("(within 1e-09 of the loss)"), "\(check)")
    let rising = PropertyReport(try Formula(grammar: "Div(I,U)"), mode: .regression)
    #expect(rising.checks.contains { $0.question == .convergence(.leastAtTarget) && ($0.margin ?? 0) < 0 })
  }

  private static func question(of rejection: Rejection) -> String {
    switch rejection {
    case .notPerSample: "trainableShape"
    case .batchCoupled: "independentSamples"
    case .independentOfPrediction: "dependsOnPrediction"
    case .nonFinite(.value, .double, _): "finiteValue"
    case .nonFinite(.gradient, .double, _): "finiteGradient"
    case .nonFinite(.value, .float, _): "finiteFloatValue"
    case .nonFinite(.gradient, .float, _): "finiteFloatGradient"
    case .tooLarge: "valueLimit"
    case .notMonotone(let property, _, _), .minimumOffTarget(let property, _, _): property.rawValue
    case .duplicate, .familyDuplicate, .simulationMissedTarget, .simulationNotFinite, .detectorBelowThreshold,
      .passedOver, .notAmongBest, .diverged, .timedOut, .quarantined:
      ""
    }
  }
}
