import Formulas
import Losses
import Randomness
import Screening
import Testing

/// Hazards name whatever the verification, or a dense sweep of one's own, finds not finite.
@Suite struct HazardSweepTests {
  /// What says that a value or gradient is nan or infinite in Double; in fp32 overflow does too.
  static let inDouble: Set<LossWarning> = [.logOfNegative, .rootOfNegative, .rootSlopeInfinite, .nonFinite]
  static let inFloat = inDouble.union([.fp32Overflow])

  /// The gradient of Exp overflows just below its clamp at 88, on a way shorter than a tenth of a logit.
  @Test(arguments: [
    (Mode.binaryClass, "Exp(Mul(X,Sub(X,Q)))"), (.binaryClass, "Exp(Mul(9,Sub(X,Q)))"), (.binaryClass, "Exp(Exp(X))"),
    (.binaryClass, "Exp(Exp(Mul(3,X)))"), (.binaryClass, "Exp(Mul(30,Add(X,Q)))"),
    (.binaryClass, "Mul(PY,Exp(Exp(Mul(2,X))))"), (.multiClass, "Dot(Y,Exp(Exp(X)))"),
    (.multiClass, "Dot(Sub(1,Y),Exp(Mul(9,Sub(X,Z))))"), (.regression, "Exp(Sqrt(Mul(E,Div(E,U))))"),
    (.regression, "Exp(Mul(31,Log(Div(U,I))))"),
  ]) func overflowJustBelowTheClampIsFound(mode: Mode, text: String) throws {
    let formula = try Formula(parsing: text, mode: mode)
    let hazards = try Explanation(formula, mode: mode).hazards
    for code in [LossWarning.fp32Overflow, .bf16Overflow] {
      #expect(hazards.contains { $0.code == code }, "\(code): \(hazards.map(\.message))")
    }
    #expect(hazards.contains { $0.code == .fp16Overflow || $0.code == .fp16EpsilonVanishes })
    let hazard = try #require(hazards.first { $0.code == .fp32Overflow })
    #expect(try !isFinite(formula, mode, hazard), "\(hazard.message)")
  }

  /// Good losses are not accused of what the wider search tries.
  @Test(arguments: [
    (Mode.binaryClass, "cross-entropy"), (.multiClass, "cross-entropy"), (.binaryClass, "focal"),
    (.multiClass, "focal"),
    (.binaryClass, "quality-focal"), (.regression, "linear-iou"), (.regression, "giou"), (.regression, "iou"),
  ]) func goodLossesOverflowNowhereInFloat(mode: Mode, name: String) throws {
    let formula = try #require(BuiltInLoss(rawValue: name)?.formula(in: mode))
    let codes = LossWarning.codes(of: formula, mode: mode)
    #expect(!codes.contains(.fp32Overflow) && !codes.contains(.nonFinite), "\(codes)")
  }

  /// Random formulas, half of them with an Exp on top, so that many overflow.
  @Test(arguments: Mode.allCases) func whatTheVerificationFindsIsAHazard(mode: Mode) throws {
    var (double, float) = (0, 0)
    for seed in 0..<UInt64(300) {
      let formula = Self.formula(mode, seed)
      let explanation = try Explanation(formula, mode: mode)
      let failed = Set((explanation.properties?.checks ?? []).filter { !$0.passed }.map(\.question.code))
      let codes = Set(explanation.hazards.map(\.code))
      if !failed.isDisjoint(with: ["finiteValue", "finiteGradient"]) {
        double += 1
        #expect(!codes.isDisjoint(with: Self.inDouble), "seed \(seed), \(mode.rawValue): \(formula), \(codes)")
      }
      if !failed.isDisjoint(with: ["finiteFloatValue", "finiteFloatGradient"]) {
        float += 1
        #expect(!codes.isDisjoint(with: Self.inFloat), "seed \(seed), \(mode.rawValue): \(formula), \(codes)")
      }
    }
    #expect(double + float > 8, "\(double) and \(float)")
  }

  /// Logits in steps that are none of the search's own, by the compiled program.
  @Test func whatADenseSweepFindsIsAHazard() throws {
    var found = 0
    let places = stride(from: Float(-29.99), through: 29.99, by: 0.00731).map { $0 }
    for seed in 0..<UInt64(400) {
      let formula = Self.formula(.binaryClass, seed)
      guard let program = try? Program(formula, mode: .binaryClass), program.shape == .perElement else { continue }
      var broken: String?
      for (positive, quality) in [(Float(0), Float(0)), (1, 1), (1, 0.5), (1, 0.3)] where broken == nil {
        var inputs = LossInputs<Float>(rows: places.count, classes: 2)
        inputs[.x] = places.flatMap { [$0, -2] }
        inputs[.q] = places.flatMap { _ in [quality, 0] }
        inputs[.py] = places.flatMap { _ in [positive, 0] }
        inputs[.ny] = places.flatMap { _ in [1 - positive, 1] }
        let result = try program.evaluate(inputs)
        let numbers = [result.value, result.gradients[.x] ?? []]
        guard let place = numbers.compactMap({ $0.firstIndex { !$0.isFinite } }).min() else { continue }
        broken = "X = \(places[place / 2]), PY = \(positive), Q = \(quality)"
      }
      guard let broken else { continue }
      found += 1
      let codes = Set(try Explanation(formula, mode: .binaryClass).hazards.map(\.code))
      #expect(!codes.isDisjoint(with: Self.inFloat), "seed \(seed): \(formula) at \(broken), \(codes)")
    }
    #expect(found > 8, "\(found)")
  }

  private static func formula(_ mode: Mode, _ seed: UInt64) -> Formula {
    let inner = randomLegalFormula(mode, seed: seed)
    let form = seed % 2 == 1 ? "Exp(Mul(2,\(inner)))" : "\(inner)"
    let summed = mode == .multiClass ? try? Formula(parsing: "Dot(Y,\(form))", mode: mode) : nil
    return summed ?? (try? Formula(parsing: form, mode: mode)) ?? inner
  }

  /// Whether the compiled program is finite at the input of a hazard.
  private func isFinite(_ formula: Formula, _ mode: Mode, _ hazard: Hazard) throws -> Bool {
    let classes = mode == .regression ? 1 : hazard.numbers.first?.row.count ?? 1
    var inputs = LossInputs<Float>(rows: 1, classes: classes)
    for numbers in hazard.numbers { inputs[numbers.variable] = numbers.row.map { Float($0) } }
    let result = try Program(formula, mode: mode).evaluate(inputs)
    return (result.value + result.gradients.values.flatMap(\.self)).allSatisfy(\.isFinite)
  }
}
