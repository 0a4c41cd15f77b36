import Formulas
import JSONValues
import Losses
import Screening
import Testing

@Suite struct GradientStatisticsTests {
  /// The gradient of cross entropy at the true logit is p − 1; focal loss (gamma 2) has
  /// (1 − p)² (2 p ln p + p − 1) there.
  @Test func theProfileIsThatOfTheTextbook() throws {
    let focal = try #require(BuiltInLoss.focal.formula(in: .multiClass))
    let statistics = try #require(GradientStatistics(focal, mode: .multiClass))
    let rows = statistics.profile.filter { $0.subject.hasSuffix("Z = 1") }
    #expect(rows.count == 7)
    for row in rows {
      let p = row.at
      #expect(abs(row.reference - (p - 1)) < 1e-9, "\(row)")
      #expect(abs(row.gradient - (1 - p) * (1 - p) * (2 * p * Self.log(p) + p - 1)) < 1e-9, "\(row)")
    }
    #expect(statistics.negativeAtTruth == 1 && statistics.nonFinite == 0 && statistics.reference == "cross-entropy")
    // Hard samples count more than in cross entropy, easy ones far less.
    #expect(abs(rows[1].ratio - 1.22447) < 1e-4 && rows[6].ratio < 1e-3, "\(rows)")
  }

  @Test func crossEntropyIsItsOwnMeasure() throws {
    for mode in Mode.allCases {
      let reference = try #require(KnownLoss.reference(of: mode))
      let statistics = try #require(GradientStatistics(reference.formula, mode: mode))
      #expect(abs(statistics.referenceRatio - 1) < 1e-12)
      #expect(statistics.profile.allSatisfy { abs($0.ratio - 1) < 1e-12 })
      let (largest, mean) = (try #require(statistics.largest), try #require(statistics.mean))
      #expect(largest > mean && mean > 0)
    }
  }

  @Test func constantsHaveAGradientOfZero() throws {
    let statistics = try #require(
      GradientStatistics(try Formula(parsing: "Dot(Y,Sub(X,X))", mode: .multiClass), mode: .multiClass))
    #expect(statistics.zeroShare == 1 && statistics.mean == 0 && statistics.negativeAtTruth == 0)
    #expect(statistics.referenceRatio.isNaN)
  }

  /// A gradient that is nan everywhere is none, not one of 0.
  @Test func withoutAFiniteGradientNothingIsMeasured() throws {
    let nan = try Formula(parsing: "Sqrt(Neg(Exp(X)))", mode: .binaryClass)
    let none = try #require(GradientStatistics(nan, mode: .binaryClass))
    #expect(none.mean == nil && none.standardDeviation == nil && none.largest == nil && none.zeroShare == nil)
    #expect(none.negativeAtTruth == nil && none.nonFinite == none.entries && none.entries > 0)
    let explanation = try Explanation(nan, mode: .binaryClass)
    let text = explanation.sections.map(\.text).joined(separator: "\n")
    #expect(text.contains("no finite gradient (208 logit gradients)") && !text.contains("-nan"), "\(text)")
    let json = JSONValue.object(explanation.json)["gradient"]
    for key in ["mean", "std", "max", "zero_share", "negative_at_truth"] { #expect(json[key] == .null, "\(key)") }
  }

  @Test func formulasOfAnotherShapeHaveNone() throws {
    #expect(GradientStatistics(try Formula(grammar: "Mul(Y,X)"), mode: .multiClass) == nil)
    #expect(GradientStatistics(try Formula(grammar: "2"), mode: .regression) == nil)
  }

  private static func log(_ x: Double) -> Double { ReferenceFunctions.value(.log, x) }
}

@Suite struct NearestLossTests {
  @Test(arguments: [
    (Mode.multiClass, "Mul(1.84,Neg(Dot(Y,Log(Softmax(X)))))", "cross-entropy", 1.84),
    (.binaryClass, "Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sub(1,Sig(X))))))", "cross-entropy", 1),
    (.regression, "Neg(Div(I,U))", "linear-iou", 1), (.regression, "Div(Sub(U,I),Mul(4,U))", "linear-iou", 0.25),
    (.regression, "Neg(Log(Relu(Div(I,U))))", "iou", 1),
  ]) func spellingsAndMultiplesAreRecognised(mode: Mode, text: String, name: String, scale: Double) throws {
    let nearest = try #require(
      try Explanation(try Formula(parsing: text, mode: mode), mode: mode).nearest.first)
    #expect(nearest.name == name && nearest.isSameFamily && abs(nearest.scale - scale) < 1e-6, "\(nearest)")
    #expect(nearest.message == (scale == 1 ? "is \(name)" : "is \(name) times \(scale)"))
  }

  /// Every known loss is its own nearest, and no two of them are one family.
  @Test(arguments: Mode.allCases) func everyKnownLossFindsItself(mode: Mode) throws {
    let known = KnownLoss.all(of: mode)
    #expect(known.count >= 8)
    for loss in known {
      let ranked = try Explanation(loss.formula, mode: mode).nearest
      let own = try #require(ranked.first)
      #expect(own.name == loss.name && own.isSameFamily && abs(own.scale - 1) < 1e-9, "\(loss.name): \(own)")
      #expect(ranked.dropFirst().allSatisfy { !$0.isSameFamily }, "\(loss.name): \(ranked[1])")
    }
  }

  @Test func thePublishedLossIsNearCrossEntropyButNotOne() throws {
    let formula = try #require(BuiltInLoss.cseAutolossA.formula(in: .multiClass))
    let other = try #require(try Explanation(formula, mode: .multiClass).nearest.first { $0.name == "cross-entropy" })
    #expect(other.similarity > 0.95 && !other.isSameFamily && other.scale > 1.2 && other.scale < 1.9, "\(other)")
  }

  @Test func aLossWithoutGradientHasNoNearest() throws {
    #expect(try Explanation(try Formula(grammar: "Dot(Y,Z)"), mode: .multiClass).nearest.isEmpty)
  }
}
