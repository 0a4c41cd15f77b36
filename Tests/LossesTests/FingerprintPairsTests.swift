import Formulas
import Losses
import Testing

/// No two different losses share a fingerprint, and what the fingerprint merges, closer looks confirm.
@Suite struct FingerprintPairsTests {
  /// Published and classical losses of each mode, all of them different, also up to a factor.
  static let losses: [Mode: [String]] = [
    .multiClass: [
      "Neg(Dot(Y,Log(Softmax(X))))", "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))",
      "Neg(Dot(Mul(Y,Z),Log(Softmax(X))))", "Neg(Dot(Mul(Y,Sqrt(Sub(1,Softmax(X)))),Log(Softmax(X))))",
      "Neg(Dot(Mul(Y,Sub(1,Softmax(X))),Log(Softmax(X))))",
      "Neg(Dot(Mul(Y,Mul(Sub(1,Softmax(X)),Sub(1,Softmax(X)))),Log(Softmax(X))))",
      "Dot(Y,Sub(Sub(1,Softmax(X)),Log(Softmax(X))))", "Dot(Sub(Softmax(X),Y),Sub(Softmax(X),Y))",
      "Dot(Abs(Sub(Softmax(X),Y)),1)", "Dot(Y,Div(Sub(1,Exp(Mul(0.7,Log(Softmax(X))))),0.7))",
      "Dot(Y,Add(Sub(1,Softmax(X)),Div(Mul(Sub(1,Softmax(X)),Sub(1,Softmax(X))),2)))",
      "Neg(Add(Dot(Y,Log(Sig(X))),Dot(Sub(1,Y),Log(Sub(1,Sig(X))))))", "Dot(Y,X)", "Dot(1,X)", "Dot(Z,X)",
    ],
    .binaryClass: [
      "Sub(Softplus(X),Mul(PY,X))", "Sub(Softplus(X),Mul(Q,X))", "Mul(Sub(Sig(X),PY),Sub(Sig(X),PY))",
      "Abs(Sub(Sig(X),PY))", "Mul(Mul(Sub(Q,Sig(X)),Sub(Q,Sig(X))),Sub(Softplus(X),Mul(Q,X)))",
      "Add(Mul(PY,Mul(Mul(Sig(Neg(X)),Sig(Neg(X))),Softplus(Neg(X)))),Mul(NY,Mul(Mul(Sig(X),Sig(X)),Softplus(X))))",
      "Add(Mul(PY,Softplus(Neg(X))),Mul(3,Mul(NY,Softplus(X))))", "Add(Sub(Softplus(X),Mul(PY,X)),Abs(Sub(PY,Sig(X))))",
      "Mul(NY,X)", "Mul(PY,X)", "Sgdf(X)", "Serf(X)", "Salf(X)", "Sig(X)", "Tanh(X)",
    ],
    .regression: [
      "Sub(1,Div(I,U))", "Neg(Log(Div(I,U)))", "Sub(1,Mul(Div(I,U),Div(I,U)))", "Sub(1,Sqrt(Div(I,U)))",
      "Sqrt(Sub(1,Div(I,U)))", "Exp(Sub(1,Div(I,U)))", "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))",
      "Sub(1,Div(Mul(2,I),Add(U,I)))", "Sub(1,Mul(Div(I,U),Mul(Div(I,U),Div(I,U))))",
      "Mul(Sub(1,Div(I,U)),Sub(1,Div(I,U)))", "Log(Add(1,Cos(Div(I,U))))", "Div(E,U)", "E", "U", "I",
      "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))",
      "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,1))),E)))))",
    ],
  ]

  /// Losses that differ only where the boxes hardly overlap, or only far from the decision boundary, are different.
  @Test(arguments: [
    (
      "Sub(1,Div(I,U))", "Add(Sub(1,Div(I,U)),Neg(Relu(Sub(T,Div(I,U)))))", Mode.regression,
      [0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
    ),
    ("Sub(1,Div(I,U))", "Add(Sub(1,Div(I,U)),Relu(Sub(Div(I,U),T)))", .regression, [0.5, 0.8, 0.9, 0.95]),
    ("Sub(1,Div(I,U))", "Add(Sub(1,Div(I,U)),Relu(Sub(Div(U,5e3),T)))", .regression, [0.01, 0.1, 1, 10, 50]),
    ("X", "Add(X,Relu(Sub(X,T)))", .binaryClass, [1, 5, 10, 14, 16, 20, 25, 29]),
    ("X", "Add(X,Relu(Sub(Neg(X),T)))", .binaryClass, [1, 5, 10, 14, 16, 20, 25, 29]),
    ("Dot(Y,X)", "Dot(Y,Add(X,Relu(Sub(X,T))))", .multiClass, [1, 5, 10, 14, 16, 20, 25, 29]),
    ("Dot(Y,X)", "Dot(Y,Add(X,Relu(Sub(Neg(X),T))))", .multiClass, [1, 5, 10, 14, 16, 20, 25, 29]),
    ("Dot(Y,X)", "Dot(Y,Add(X,Mul(X,Relu(Sub(T,Z)))))", .multiClass, [0.5, 0.2, 0.1, 0.05, 0.02]),
    ("Mul(Q,X)", "Mul(Q,Add(X,Mul(X,Relu(Sub(T,Q)))))", .binaryClass, [0.5, 0.2, 0.1, 0.05, 0.02]),
  ]) func differencesFarOutAreSeen(first: String, second: String, mode: Mode, thresholds: [Double]) throws {
    let one = try Formula(parsing: first, mode: mode)
    for threshold in thresholds {
      let other = try Formula(parsing: second.replacing("T", with: "\(threshold)"), mode: mode)
      #expect(
        GradientFingerprint(one, mode: mode)?.family != GradientFingerprint(other, mode: mode)?.family,
        "\(second), T = \(threshold)")
      guard case .different = LossEquality.compare(one, other, mode: mode) else {
        Issue.record("\(second), T = \(threshold): \(LossEquality.compare(one, other, mode: mode))")
        continue
      }
    }
  }

  /// Other spellings of one loss, which lose digits far from 0, keep its fingerprint.
  @Test(arguments: [
    ("Softplus(X)", "Neg(Log(Sig(Neg(X))))", Mode.binaryClass),
    ("X", "Log(Exp(X))", .binaryClass),
    ("Sub(Softplus(X),Mul(PY,X))", "Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sig(Neg(X))))))", .binaryClass),
    ("Softplus(X)", "Log(Add(1,Exp(X)))", .binaryClass),
    ("Sig(X)", "Div(Exp(X),Add(1,Exp(X)))", .binaryClass), ("Tanh(X)", "Sub(Mul(2,Sig(Mul(2,X))),1)", .binaryClass),
    ("Dot(Y,Log(Softmax(X)))", "Sub(Dot(Y,X),Log(Dot(1,Exp(X))))", .multiClass),
    ("Dot(Y,Softmax(X))", "Div(Dot(Y,Exp(X)),Dot(1,Exp(X)))", .multiClass),
    ("Sub(1,Div(I,U))", "Div(Sub(U,I),U)", .regression),
    ("Mul(Div(I,U),Div(I,U))", "Div(Mul(I,I),Mul(U,U))", .regression),
    ("Sqrt(Sub(1,Div(I,U)))", "Sqrt(Div(Sub(U,I),U))", .regression),
  ]) func spellingsAreOneLoss(first: String, second: String, mode: Mode) throws {
    let (one, other) = (try Formula(parsing: first, mode: mode), try Formula(parsing: second, mode: mode))
    #expect(GradientFingerprint(one, mode: mode) == GradientFingerprint(other, mode: mode))
    guard case .same = LossEquality.compare(one, other, mode: mode) else {
      Issue.record("\(LossEquality.compare(one, other, mode: mode))")
      return
    }
  }

  /// One loss in Double whose other spelling has no gradient in Float: it is told from the sound one, and where.
  @Test(arguments: [
    ("Softplus(X)", "Neg(Log(Sub(1,Sig(X))))", Mode.binaryClass),
    ("Sub(Softplus(X),Mul(PY,X))", "Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sub(1,Sig(X))))))", .binaryClass),
  ]) func aSpellingThatDiesInFloatIsToldApart(first: String, second: String, mode: Mode) throws {
    let (one, other) = (try Formula(parsing: first, mode: mode), try Formula(parsing: second, mode: mode))
    #expect(GradientFingerprint(one, mode: mode)?.family != GradientFingerprint(other, mode: mode)?.family)
    guard case .same = LossEquality.compare(one, other, mode: mode) else {
      Issue.record("\(LossEquality.compare(one, other, mode: mode))")
      return
    }
    let witness = try #require(LossEquality.floatWitness(one, other, mode: mode))
    let place = try #require(zip(witness.gradients.first, witness.gradients.second).first { abs($0 - $1) > 0.4 })
    #expect(abs(place.0 - 1) < 1e-3 && place.1 < 0.6, "\(witness)")
    let twice = try Formula(parsing: "Mul(2,\(second))", mode: mode)
    #expect(LossEquality.floatWitness(one, twice, mode: mode) != nil)
    let steady = try Formula(parsing: "Add(\(first),1)", mode: mode)
    #expect(LossEquality.floatWitness(one, steady, mode: mode) == nil)
  }

  /// Rewriting proves these equal; in Float the value of the first is infinite.
  @Test func aValueThatOverflowsInFloatIsShown() throws {
    let one = try Formula(parsing: "Mul(Mul(Mul(X,1e20),1e20),1e-40)", mode: .binaryClass)
    let other = try Formula(parsing: "X", mode: .binaryClass)
    let witness = try #require(LossEquality.floatWitness(one, other, mode: .binaryClass))
    #expect(witness.values.first.contains { !$0.isFinite } && witness.values.second.allSatisfy(\.isFinite))
    #expect(GradientFingerprint(one, mode: .binaryClass) != GradientFingerprint(other, mode: .binaryClass))
  }

  /// The gradient of Log does not show that its argument is negative; the value does.
  @Test func aLossOfNoValueIsAnother() throws {
    let one = try Formula(parsing: "Sub(Softplus(X),Mul(PY,X))", mode: .binaryClass)
    let other = try Formula(parsing: "Neg(Log(Sub(Sig(X),NY)))", mode: .binaryClass)
    #expect(
      GradientFingerprint(one, mode: .binaryClass)?.family != GradientFingerprint(other, mode: .binaryClass)?.family)
    guard case .different(let witness) = LossEquality.compare(one, other, mode: .binaryClass) else {
      Issue.record("\(LossEquality.compare(one, other, mode: .binaryClass))")
      return
    }
    #expect(witness.values.first.allSatisfy(\.isFinite) && !witness.values.second.allSatisfy(\.isFinite))
  }

  @Test(arguments: Mode.allCases) func differentLossesDifferAlsoUpToAFactor(mode: Mode) throws {
    let texts = try #require(Self.losses[mode])
    var families: [UInt64: String] = [:]
    for text in texts {
      let formula = try Formula(parsing: text, mode: mode)
      let print = try #require(GradientFingerprint(formula, mode: mode))
      #expect(families.updateValue(text, forKey: print.family) == nil, "\(text)")
      let scaled = try Formula(parsing: "Sub(Mul(7,\(text)),1)", mode: mode)
      let other = try #require(GradientFingerprint(scaled, mode: mode))
      #expect(other.family == print.family && other.exact != print.exact, "\(text)")
      let negated = try #require(GradientFingerprint(Formula(parsing: "Neg(\(text))", mode: mode), mode: mode))
      #expect(negated.family != print.family, "\(text)")
    }
    for (place, text) in texts.enumerated() {
      for other in texts[..<place] {
        let verdict = try LossEquality.compare(
          Formula(parsing: text, mode: mode), Formula(parsing: other, mode: mode), mode: mode)
        guard case .different = verdict else {
          Issue.record("\(text) and \(other): \(verdict)")
          continue
        }
      }
    }
  }

  /// Random formulas that share a fingerprint are the same loss on other inputs too.
  @Test(arguments: Mode.allCases) func whatTheFingerprintMergesIsTheSame(mode: Mode) throws {
    var byPrint: [GradientFingerprint: [Formula]] = [:]
    var order: [GradientFingerprint] = []
    // What has no gradient on any probe is no loss; X / X, which has one at 0 alone, is beside it.
    let nothing = try #require(GradientFingerprint(Formula(grammar: "1"), mode: mode))
    for seed in UInt64(0)..<1500 {
      var random = RandomFormulas(seed: 40_000 + seed)
      let formula = random.formula(mode, depth: 3)
      guard formula.mentionsPrediction(in: mode), let print = GradientFingerprint(formula, mode: mode), print != nothing
      else { continue }
      if byPrint[print] == nil { order.append(print) }
      byPrint[print, default: []].append(formula)
    }
    var merged = 0
    for print in order {
      let formulas = byPrint[print] ?? []
      for other in formulas.dropFirst().prefix(3) where other != formulas[0] {
        switch LossEquality.compare(formulas[0], other, mode: mode) {
        case .same: merged += 1
        case .undecided: break
        case .family, .different: Issue.record("\(mode) \(formulas[0]) and \(other) share \(print)")
        }
      }
    }
    #expect(merged > 20)
  }
}
