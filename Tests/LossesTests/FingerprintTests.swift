import Formulas
import Losses
import Testing

/// What counts as the same loss.
@Suite struct FingerprintTests {
  private func print(_ text: String, _ mode: Mode) throws -> GradientFingerprint {
    try #require(GradientFingerprint(Formula(parsing: text, mode: mode), mode: mode))
  }

  @Test(arguments: [
    ("Neg(Dot(Y,Log(Softmax(X))))", "Sub(3,Dot(Log(Softmax(X)),Y))", Mode.multiClass),
    ("Sub(1,Div(I,U))", "Neg(Div(I,U))", .regression), ("Sub(1,Div(I,U))", "Div(Sub(U,I),U)", .regression),
    ("Sub(1,Sig(X))", "Sig(Neg(X))", .binaryClass), ("Add(Mul(2,X),2)", "Mul(2,Add(X,1))", .multiClass),
    ("Dot(Y,Z)", "Neg(1)", .multiClass), ("Div(I,U)", "Div(Relu(I),U)", .regression),
    ("Sub(1,Div(I,U))", "Sub(1,Div(Abs(I),U))", .regression),
  ]) func equalGradientsHaveOneFingerprint(first: String, second: String, mode: Mode) throws {
    let (one, other) = (try print(first, mode), try print(second, mode))
    #expect(one == other)
    #expect(one.description == other.description)
    #expect(one.description.count == 16)
  }

  @Test(arguments: [
    ("Neg(Dot(Y,Log(Softmax(X))))", "Mul(3,Neg(Dot(Y,Log(Softmax(X)))))", Mode.multiClass),
    ("Div(I,U)", "Add(Div(I,Div(U,7)),1)", .regression), ("Sig(X)", "Div(Sig(X),3)", .binaryClass),
  ]) func positiveScaleIsAFamily(first: String, second: String, mode: Mode) throws {
    let (one, other) = (try print(first, mode), try print(second, mode))
    #expect(one.family == other.family)
    #expect(one.exact != other.exact)
  }

  @Test func theNamedLossesAreAllDifferent() throws {
    for mode in Mode.allCases {
      let losses = BuiltInLoss.allCases.compactMap { $0.formula(in: mode) }
      let families = Set(losses.compactMap { GradientFingerprint($0, mode: mode)?.family })
      #expect(families.count == losses.count)
      #expect(losses.count >= 3)
    }
    #expect(try print("Div(I,U)", .regression).family != print("Neg(Div(I,U))", .regression).family)
  }

  @Test func canonicalFormsKeepTheFingerprint() {
    var (same, total) = (0, 0)
    for mode in Mode.allCases {
      for seed in UInt64(0)..<300 {
        var random = RandomFormulas(seed: seed)
        let formula = random.formula(mode, depth: 4)
        total += 1
        let canonical = GradientFingerprint(formula.canonical(in: mode), mode: mode)
        if GradientFingerprint(formula, mode: mode) == canonical { same += 1 }
      }
    }
    // Rounding at a digit's edge, and nan against a huge number, tell a few apart; that only costs a second look.
    #expect(Double(same) > 0.97 * Double(total), "\(same) of \(total)")
  }

  @Test func aFormulaOfAnotherModeHasNone() throws {
    #expect(GradientFingerprint(try Formula(grammar: "Add(U,X)"), mode: .regression) == nil)
  }
}
