import Evolution
import Formulas
import Testing

@Suite struct FormulaSampleTests {
  @Test func theSameSeedGivesTheSameFormulasWhateverTheNumber() throws {
    let few = FormulaSample.detectionTwoStage(50, seed: 1)
    let many = FormulaSample.detectionTwoStage(120, seed: 1)
    #expect(many.count == 120)
    #expect(Array(many.prefix(50)) == few)
    #expect(FormulaSample.detectionTwoStage(50, seed: 2) != few)
    for (index, sample) in many.enumerated() {
      #expect(sample.mode == (index % 2 == 0 ? .multiClass : .regression), "formula \(index)")
      let formula = try Formula(parsing: sample.text, mode: sample.mode)
      #expect(formula.description == sample.text, "formula \(index)")
      #expect(Grammar(GrammarSettings(mode: sample.mode)).accepts(formula), "formula \(index): \(sample.text)")
    }
  }

  @Test func noGrammarGivesNoFormula() {
    #expect(FormulaSample.draw(3, seed: 1, from: []) == [])
  }
}
