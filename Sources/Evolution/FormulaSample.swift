import Formulas
import Randomness

/// One of a fixed, seeded sequence of random formulas, as text: what benchmarks and tests of the screening draw.
public struct FormulaSample: Hashable, Sendable {
  public let mode: Mode
  public let text: String

  /// Random formulas of a search space, drawn from its grammars in turn (the first formula from the first grammar).
  ///
  /// Formula k is that of the generator seeded by (seed, "formula", k), whatever the number drawn. Duplicates stay.
  /// - Returns: `count` formulas; fewer only where a grammar makes none.
  public static func draw(_ count: Int, seed: UInt64, from grammars: [GrammarSettings]) -> [FormulaSample] {
    let generators = grammars.map { FormulaGenerator(Grammar($0)) }
    return (0..<count).compactMap { index in
      guard !generators.isEmpty else { return nil }
      let generator = generators[index % generators.count]
      var random = SeededGenerator(seed: seed, stream: "formula", index: UInt64(index))
      return generator.formula(using: &random).map {
        FormulaSample(mode: generator.grammar.settings.mode, text: $0.description)
      }
    }
  }

  /// Formulas of the search space `detection-twostage`: classification and box regression in turn.
  public static func detectionTwoStage(_ count: Int, seed: UInt64) -> [FormulaSample] {
    draw(count, seed: seed, from: [GrammarSettings(mode: .multiClass), GrammarSettings(mode: .regression)])
  }
}
