import Formulas
import Losses
import Randomness
import Screening
import Testing

@Suite struct VerifierTests {
  static let verifier = Verifier()

  @Test func theTablesAreLargeEnough() {
    #expect(knownGood.count >= 20)
    #expect(knownBad.count >= 40)
    for mode in Mode.allCases {
      #expect(knownGood.contains { $0.mode == mode })
      #expect(knownBad.contains { $0.mode == mode })
    }
  }

  @Test(arguments: knownGood) func knownGoodPass(loss: NamedLoss) throws {
    let verdict = Self.verifier.verify(try loss.formula(), mode: loss.mode)
    #expect(verdict == .pass, "\(verdict.rejection?.message ?? "")")
  }

  @Test(arguments: knownBad) func knownBadFailForTheirReason(loss: NamedLoss) throws {
    let verdict = Self.verifier.verify(try loss.formula(), mode: loss.mode)
    let rejection = try #require(verdict.rejection, "passes")
    #expect(rejection.code == loss.code, "\(rejection.message)")
    #expect(rejection.stage == .verify)
    #expect(!rejection.message.isEmpty)
  }

  /// A formula put together without any care for sense, not even for shapes.
  private func randomFormula(_ mode: Mode, _ random: inout SeededGenerator) -> Formula {
    var builder = FormulaBuilder()
    var made = mode.variables.map { builder.variable($0) } + [builder.constant(1), builder.constant(2)]
    for _ in 0..<random.integer(in: 2...7) {
      let primitive = mode.primitives[random.index(below: mode.primitives.count)]
      let (left, right) = (random.index(below: made.count), random.index(below: made.count))
      made.append(
        primitive.arity == 1
          ? builder.unary(primitive, made[left]) : builder.binary(primitive, made[left], made[right]))
    }
    return builder.build(root: made[made.count - 1])
  }

  @Test(arguments: Mode.allCases) func randomFormulasAreNearlyAllRejected(mode: Mode) throws {
    var tried = 0
    var passed: [String] = []
    for seed in 0..<UInt64(8_000) {
      var random = SeededGenerator(seed: seed)
      let formula = randomFormula(mode, &random)
      guard (try? formula.shape(in: mode)) != nil else { continue }
      tried += 1
      if Self.verifier.verify(formula, mode: mode).passed { passed.append("seed \(seed): \(formula)") }
    }
    let share = 100 * Double(passed.count) / Double(tried)
    print("\(mode.rawValue): \(passed.count) of \(tried) random formulas pass verification (\(share) %)")
    #expect(tried > 1_000)
    #expect(share < 1, "\(passed)")
  }

  @Test func theSamePropertyFailsAtTheSameProbe() throws {
    let formula = try Formula(grammar: "Neg(Dot(Y,X))")
    let first = Self.verifier.verify(formula, mode: .multiClass)
    #expect(first == Verifier().verify(formula, mode: .multiClass))
    let message = try #require(first.rejection?.message)
    #expect(message.contains("rising strictly when all other logits rise together"))
    #expect(message.contains("logits(C=3, label=0, gap="))
  }

  @Test(arguments: [
    ("Neg(Dot(Y,Log(Sub(Softmax(X),0.0001))))", Mode.multiClass, "value in double is not finite"),
    ("Dot(Dot(Y,X),1)", .multiClass, "mixes the samples of a batch"),
    ("Mul(X,X)", .binaryClass, "x=-3.333"),
    ("Abs(Sub(Div(I,U),0.8))", .regression, "the least loss at the target"),
    ("Sub(U,I)", .regression, "not below 1000000"),
    ("Sub(1,Div(I,U))", .multiClass, "no variable of MULTI_CLS"),
  ]) func messagesNameThePropertyAndTheProbe(text: String, mode: Mode, part: String) throws {
    let rejection = try #require(Self.verifier.verify(try Formula(grammar: text), mode: mode).rejection)
    #expect(rejection.message.contains(part), "\(rejection.message)")
  }

  @Test func onlyOverflowInFloatIsSeenByTheCompiledProgram() throws {
    let text = "Dot(Y,Mul(Exp(Neg(Mul(6,Log(Softmax(X))))),Exp(Neg(Mul(6,Log(Softmax(X)))))))"
    let rejection = try #require(Self.verifier.verify(try Formula(grammar: text), mode: .multiClass).rejection)
    guard case .nonFinite(_, .float, _) = rejection else {
      Issue.record("\(rejection.message)")
      return
    }
  }
}
