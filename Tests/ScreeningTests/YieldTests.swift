import Evolution
import Formulas
import Randomness
import Screening
import Testing

/// How many candidates survive the screening without a detector, by where they come from.
@Suite struct YieldTests {
  @Test(arguments: [
    (Mode.multiClass, "Neg(Dot(Y,Log(Softmax(X))))"), (.multiClass, "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))"),
    (.binaryClass, "Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sub(1,Sig(X))))))"),
    (.regression, "Neg(Log(Div(I,U)))"), (.regression, "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"),
  ]) func mutantsOfGoodLossesPassFarMoreOftenThanRandomFormulas(mode: Mode, parent: String) throws {
    let grammar = Grammar(GrammarSettings(mode: mode))
    let generator = FormulaGenerator(grammar)
    let mutation = Mutation(grammar)
    let good = try Formula(parsing: parent, mode: mode)
    let random = survivors(of: mode, draws: 4_000) { generator.formula(using: &$0) }
    let mutants = survivors(of: mode, draws: 400) { random in
      let kind = MutationKind.allCases[random.index(below: MutationKind.allCases.count)]
      return mutation.mutant(of: good, kind: kind, using: &random)
    }
    print(
      "\(mode.rawValue): \(random.passed) of \(random.tried) random formulas and \(mutants.passed) of \(mutants.tried) "
        + "mutants of \(parent) pass verification and descent")
    #expect(Double(random.passed) < 0.02 * Double(random.tried))
    #expect(Double(mutants.passed) > 0.05 * Double(mutants.tried))
  }

  /// Different formulas drawn, and those of them that pass.
  private func survivors(of mode: Mode, draws: Int, _ draw: (inout SeededGenerator) -> Formula?) -> (
    tried: Int, passed: Int
  ) {
    let (verifier, simulation) = (Verifier(), DescentSimulation())
    var seen = Set<Formula>()
    var passed = 0
    for seed in 0..<UInt64(draws) {
      var random = SeededGenerator(seed: seed)
      guard let formula = draw(&random), seen.insert(formula).inserted else { continue }
      if verifier.verify(formula, mode: mode).passed, simulation.run(formula, mode: mode).passed { passed += 1 }
    }
    return (seen.count, passed)
  }
}
