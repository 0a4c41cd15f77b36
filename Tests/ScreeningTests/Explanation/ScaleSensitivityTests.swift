import Formulas
import Losses
import Screening
import Testing

@Suite struct ScaleSensitivityTests {
  @Test(arguments: [
    ("Sub(1,Div(I,U))", "invariant"), ("Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))", "invariant"),
    ("Neg(Log(Div(I,U)))", "invariant"), ("Sub(1,Div(Mul(2,I),Add(U,I)))", "invariant"),
    ("Sub(Log(U),Log(I))", "invariant"), ("Log(U)", "gradientInvariant"), ("Neg(Log(I))", "gradientInvariant"),
    ("Sub(U,I)", "homogeneous"), ("Sqrt(Sub(E,I))", "homogeneous"), ("Mul(U,E)", "homogeneous"),
    ("Neg(Div(I,Add(U,2)))", "dependent"), ("Exp(Neg(I))", "dependent"), ("Mul(0,I)", "undecided"),
  ]) func verdicts(text: String, code: String) throws {
    let scale = try #require(ScaleSensitivity(try Formula(parsing: text, mode: .regression)))
    #expect(scale.verdict.code == code, "\(scale)")
    #expect(scale.isDependent == ["homogeneous", "dependent", "undecided"].contains(code))
  }

  @Test(arguments: [("Sub(U,I)", 2.0), ("Sqrt(Sub(E,I))", 1), ("Mul(U,E)", 4), ("Div(1,U)", -2)])
  func degrees(text: String, degree: Double) throws {
    let scale = try #require(ScaleSensitivity(try Formula(parsing: text, mode: .regression)))
    #expect(scale.verdict == .homogeneous(degree: degree))
  }

  /// A's regression is 2 − I/U − (I+2)/E: the 2 counts nothing in pixels and everything in normalised boxes.
  @Test func thePublishedBoxLossDependsOnTheUnit() throws {
    let formula = try #require(BuiltInLoss.cseAutolossA.formula(in: .regression))
    let scale = try #require(ScaleSensitivity(formula))
    #expect(scale.verdict == .dependent)
    let pixels = try #require(scale.rows.first { $0.factor == 4 })
    let normalized = try #require(scale.rows.first { $0.factor == 0.01 })
    #expect(pixels.cosine > 0.99 && normalized.cosine < 0.9 && normalized.gradientRatio > 2, "\(scale)")
  }

  @Test func otherModesHaveNoScale() throws {
    #expect(try Explanation(try Formula(parsing: "Sig(X)", mode: .binaryClass), mode: .binaryClass).scale == nil)
    #expect(ScaleSensitivity(try Formula(grammar: "Sig(X)")) == nil)
  }
}
