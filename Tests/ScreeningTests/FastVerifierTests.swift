import Evolution
import Formulas
import Foundation
import Randomness
import Screening
import Testing

/// The fast evaluator gives the plain evaluator's verdicts.
@Suite struct FastVerifierTests {
  static let verifier = Verifier()

  /// How the two verdicts differ in what is said of the formula: pass, or the code of the rejection. Nil when they agree.
  private func disagreement(on formula: Formula, mode: Mode) -> String? {
    let fast = Self.verifier.verify(formula, mode: mode)
    let plain = Self.verifier.verifyPlainly(formula, mode: mode)
    guard fast.rejection?.code != plain.rejection?.code else { return nil }
    return "\(formula): \(fast.rejection?.message ?? "pass") instead of \(plain.rejection?.message ?? "pass")"
  }

  /// Whether both name the same property and the same probe. They need not where a gradient is 0 up to rounding.
  private func nameTheSameProbe(_ formula: Formula, mode: Mode) -> Bool {
    Self.verifier.verify(formula, mode: mode).rejection?.message
      == Self.verifier.verifyPlainly(formula, mode: mode).rejection?.message
  }

  @Test(arguments: Mode.allCases) func randomFormulasGetTheSameVerdict(mode: Mode) {
    let samples = FormulaSample.draw(6_000, seed: 7, from: [GrammarSettings(mode: mode)])
    var codes: Set<String> = []
    var otherProbes = 0
    for (index, sample) in samples.enumerated() {
      guard let formula = try? Formula(parsing: sample.text, mode: mode) else {
        Issue.record("\(sample.text) does not parse")
        continue
      }
      if let disagreement = disagreement(on: formula, mode: mode) {
        Issue.record("seed 7, formula \(index) of \(mode.rawValue): \(disagreement)")
      }
      if !nameTheSameProbe(formula, mode: mode) { otherProbes += 1 }
      codes.insert(Self.verifier.verify(formula, mode: mode).rejection?.code ?? "pass")
    }
    #expect(otherProbes <= samples.count / 1000, "\(otherProbes) of \(samples.count) name another probe")
    #expect(codes.isSuperset(of: ["independentOfPrediction", "nonFinite", "notMonotone"]), "\(codes)")
  }

  /// Mutants of good losses come far: they try every batch, and many pass.
  @Test(arguments: Mode.allCases) func mutantsOfKnownLossesGetTheSameVerdict(mode: Mode) throws {
    let mutation = Mutation(Grammar(GrammarSettings(mode: mode)))
    var passed = 0
    for (number, loss) in knownGood.filter({ $0.mode == mode }).enumerated() {
      let parent = try loss.formula()
      #expect(disagreement(on: parent, mode: mode) == nil)
      for draw in 0..<120 {
        var random = SeededGenerator(seed: 11, stream: "mutant \(number)", index: UInt64(draw))
        let kind = MutationKind.allCases[draw % MutationKind.allCases.count]
        guard let mutant = mutation.mutant(of: parent, kind: kind, using: &random) else { continue }
        if let disagreement = disagreement(on: mutant, mode: mode) {
          Issue.record("seed 11, mutant \(draw) of \(loss.name): \(disagreement)")
        }
        if Self.verifier.verify(mutant, mode: mode).passed { passed += 1 }
      }
    }
    #expect(passed > 30)
  }

  /// Formulas put together without care, some with sums that cancel and with results that are not finite.
  @Test(arguments: Mode.allCases) func roughFormulasGetTheSameVerdict(mode: Mode) {
    var judged = 0
    for seed in 0..<UInt64(8_000) {
      var random = SeededGenerator(seed: seed, stream: "rough")
      var builder = FormulaBuilder()
      var made = mode.variables.map { builder.variable($0) } + [builder.constant(1), builder.constant(0.37)]
      for _ in 0..<random.integer(in: 3...14) {
        let primitive = mode.primitives[random.index(below: mode.primitives.count)]
        let (left, right) = (random.index(below: made.count), made.count - 1 - random.index(below: 3))
        made.append(
          primitive.arity == 1
            ? builder.unary(primitive, made[right]) : builder.binary(primitive, made[left], made[right]))
      }
      let formula = builder.build(root: made[made.count - 1])
      guard (try? formula.shape(in: mode)) == mode.trainableShape else { continue }
      judged += 1
      if let disagreement = disagreement(on: formula, mode: mode) { Issue.record("seed \(seed): \(disagreement)") }
    }
    #expect(judged > 500)
  }

  /// Formulas that multiply rounding up, from numbers near 1, sums of products and angles near a root.
  @Test(arguments: [
    (
      Mode.multiClass,
      "Add(Neg(Dot(Y,Log(Softmax(X)))),Relu(Mul(Exp(Add(2,Mul(3,Mul(3,3)))),Log(Dot(1,Softmax(Serf(X)))))))"
    ),
    (.multiClass, "Add(Neg(Dot(Y,Log(Softmax(X)))),Relu(Mul(1e13,Log(Dot(1,Softmax(Tanh(X)))))))"),
    (.multiClass, "Dot(Softmax(Sub(Sub(1000,Cos(Add(Tanh(Y),Mul(Y,X)))),0)),1)"),
    (
      .binaryClass,
      "Add(Sub(Softplus(X),Mul(PY,X)),Mul(Relu(Sub(X,9.272148136662132)),Mul(3232611465198371.5,"
        + "Log(Add(Sig(Sub(X,10.275650324360608)),Sig(Sub(10.275650324360608,X)))))))"
    ),
    (
      .regression,
      "Add(Sub(1,Div(I,U)),Sqrt(Relu(Mul(109391356.73682858,Log(Add(Sig(Div(I,2854.1156397067025)),"
        + "Sig(Neg(Div(I,2854.1156397067025)))))))))"
    ),
  ])
  func roundingThatDecidesIsLeftToThePlainEvaluator(mode: Mode, text: String) throws {
    #expect(disagreement(on: try Formula(parsing: text, mode: mode), mode: mode) == nil)
  }

  /// Text of a good loss and rounding that is multiplied up by 10⁸ to 10¹⁷.
  private static func amplified(_ mode: Mode, _ random: inout SeededGenerator) -> String {
    let scale = pow(10, random.uniform(8, 17))
    let (inner, shift) = (random.uniform(0.1, 3), random.uniform(-3, 3))
    let (good, noise): (String, [String]) =
      switch mode {
      case .multiClass:
        (
          "Neg(Dot(Y,Log(Softmax(X))))",
          [
            "Log(Dot(1,Softmax(Mul(\(inner),X))))", "Dot(1,Sub(Softmax(X),Y))",
            "Dot(1,Sub(Softmax(X),Softmax(Add(X,1))))", "Sin(Mul(3.141592653589793,Dot(1,Softmax(X))))",
          ]
        )
      case .binaryClass:
        (
          "Sub(Softplus(X),Mul(PY,X))",
          [
            "Log(Add(Sig(Sub(X,\(shift))),Sig(Sub(\(shift),X))))",
            "Mul(Relu(Sub(X,8.5)),Log(Add(Sig(Sub(X,\(shift))),Sig(Sub(\(shift),X)))))",
            "Log(Salf(Neg(Exp(Mul(\(inner),X)))))",
          ]
        )
      case .regression:
        (
          "Sub(1,Div(I,U))",
          [
            "Log(Add(Sig(Div(E,\(1000 * inner))),Sig(Neg(Div(E,\(1000 * inner))))))",
            "Log(Add(Mul(Sin(Div(E,\(1000 * inner))),Sin(Div(E,\(1000 * inner)))),"
              + "Mul(Cos(Div(E,\(1000 * inner))),Cos(Div(E,\(1000 * inner))))))",
          ]
        )
      }
    let term = "Mul(\(scale),\(noise[random.index(below: noise.count)]))"
    return ["Add(\(good),\(term))", "Add(\(good),Relu(\(term)))", "Add(\(good),Sqrt(Relu(\(term))))"][
      random.index(below: 3)]
  }

  @Test(arguments: Mode.allCases) func amplifiedRoundingGetsTheSameVerdict(mode: Mode) throws {
    for seed in 0..<UInt64(400) {
      var random = SeededGenerator(seed: seed, stream: "amplified")
      let formula = try Formula(parsing: Self.amplified(mode, &random), mode: mode)
      if let disagreement = disagreement(on: formula, mode: mode) { Issue.record("seed \(seed): \(disagreement)") }
    }
  }

  @Test(arguments: knownBad) func knownBadGetTheSameVerdict(loss: NamedLoss) throws {
    #expect(disagreement(on: try loss.formula(), mode: loss.mode) == nil)
  }
}
