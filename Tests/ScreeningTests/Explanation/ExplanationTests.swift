import Formulas
import JSONValues
import Losses
import Screening
import Testing

@Suite struct ExplanationTests {
  /// 2,000 formulas of every mode: huge numbers, results of any shape, values that are nowhere finite.
  @Test(arguments: Mode.allCases, 0..<UInt64(4)) func anyFormulaIsExplained(mode: Mode, part: UInt64) throws {
    for seed in (part * 500)..<((part + 1) * 500) {
      let formula = randomLegalFormula(mode, seed: seed)
      let explanation = try Explanation(formula, mode: mode)
      let properties = try #require(explanation.properties, "seed \(seed): \(formula)")
      #expect(!explanation.sections.isEmpty && explanation.sections.allSatisfy { !$0.title.isEmpty })
      #expect(explanation.sections.allSatisfy { !$0.text.contains("\n\n\n") }, "seed \(seed): \(formula)")
      let json = JSONValue.object(explanation.json)
      let read = try JSONValue(parsing: json.description)
      #expect(read["properties"]["passed"] == .bool(properties.passed), "seed \(seed): \(formula)")
      for hazard in explanation.hazards {
        #expect(formula.nodes.indices.contains(hazard.node) && !hazard.input.isEmpty, "seed \(seed): \(formula)")
        #expect(hazard.numbers.map(\.variable) == formula.variables, "seed \(seed): \(formula)")
      }
      #expect(Set(explanation.deadParts.map(\.node)).count == explanation.deadParts.count, "seed \(seed): \(formula)")
    }
  }

  @Test func deepAndWideFormulasAreExplained() throws {
    for text in [
      String(repeating: "Neg(", count: 255) + "X" + String(repeating: ")", count: 255),
      String(repeating: "Mul(Exp(", count: 127) + "X" + String(repeating: "),X)", count: 127),
      String(repeating: "Div(1e308,", count: 255) + "X" + String(repeating: ")", count: 255),
    ] {
      let formula = try Formula(parsing: text, mode: .binaryClass)
      let explanation = try Explanation(formula, mode: .binaryClass)
      #expect(explanation.isComplete && !explanation.sections.isEmpty)
    }
    // Shared nodes: 2^200 leaves when written out.
    var builder = FormulaBuilder()
    var node = builder.variable(.x)
    for _ in 0..<200 { node = builder.binary(.mul, node, node) }
    let shared = try Explanation(builder.build(root: node), mode: .binaryClass)
    #expect(shared.sections.allSatisfy { $0.text.count < 100_000 })
  }

  @Test func largerFormulasAreDescribedOnly() throws {
    var builder = FormulaBuilder()
    var node = builder.variable(.x)
    for number in 0..<Explanation.nodeLimit { node = builder.binary(.add, node, builder.constant(Double(number))) }
    let explanation = try Explanation(builder.build(root: node), mode: .binaryClass)
    #expect(!explanation.isComplete && explanation.warnings.isEmpty && explanation.sections.count == 1)
  }

  @Test func theSameFormulaIsExplainedInTheSameWords() throws {
    let formula = try #require(BuiltInLoss.cseAutolossB.formula(in: .binaryClass))
    let texts = try (0..<2).map { _ in try Explanation(formula, mode: .binaryClass).sections.map(\.text) }
    #expect(texts[0] == texts[1])
  }

  @Test func aFormulaOfAnotherModeIsAnError() throws {
    let formula = try Formula(grammar: "Sub(1,Div(I,U))")
    #expect(throws: FormulaError.self) { try Explanation(formula, mode: .multiClass) }
  }

  struct Warned: Sendable {
    let loss: BuiltInLoss
    let mode: Mode
    let codes: Set<LossWarning>
  }

  @Test(arguments: [
    Warned(loss: .cseAutolossA, mode: .regression, codes: [.scaleDependent]),
    Warned(loss: .cseAutolossB, mode: .binaryClass, codes: [.deadCode, .fp32DeadGradient]),
    Warned(loss: .linearIoU, mode: .regression, codes: []), Warned(loss: .crossEntropy, mode: .binaryClass, codes: []),
    Warned(loss: .crossEntropy, mode: .multiClass, codes: []),
  ]) func cardsWarnOfWhatIsKnown(row: Warned) throws {
    let (loss, mode, expected) = (row.loss, row.mode, row.codes)
    let formula = try #require(loss.formula(in: mode))
    let found = LossWarning.codes(of: formula, mode: mode)
    #expect(found == (try Explanation(formula, mode: mode).warnings))
    #expect(Set(found).isSuperset(of: expected), "\(found)")
    // Nothing but narrow formats harms these in any other way.
    #expect(Set(found.filter { $0.format == nil || $0.format == .fp32 }) == expected, "\(found)")
  }
}
