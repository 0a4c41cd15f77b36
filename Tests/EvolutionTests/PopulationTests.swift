import Evolution
import Formulas
import Foundation
import Randomness
import Testing

@Suite struct PopulationTests {
  private func individual(_ id: Int, _ score: Double, _ text: String, generation: Int = 0) throws -> Individual {
    Individual(
      id: id, genome: Genome(regression: try Formula(parsing: text, mode: .regression)), score: score,
      generation: generation)
  }

  @Test func orderIsScoreThenComplexityThenAge() throws {
    let population = Population([
      try individual(0, 0.5, "Neg(Add(U,I))"), try individual(1, 0.5, "Neg(U)"),
      try individual(2, 0.7, "Neg(Mul(U,I))"),
      try individual(3, 0.5, "Neg(I)"),
    ])
    #expect(population.individuals.map(\.id) == [2, 1, 3, 0])
    #expect(population.best?.id == 2)
    #expect(population.best(2).map(\.id) == [2, 1])
  }

  @Test func scoresWithinAStepAreEqual() throws {
    let population = Population(
      [try individual(0, 0.519, "Neg(Add(U,I))"), try individual(1, 0.511, "Neg(U)")], scoreStep: 0.01)
    #expect(population.individuals.map(\.id) == [1, 0])
  }

  @Test func unusableScoresAndCopiesStayOut() throws {
    var population = Population([try individual(0, 0.5, "Neg(U)")])
    population.insert(try individual(1, .nan, "Neg(I)"))
    population.insert(try individual(2, .infinity, "Neg(E)"))
    population.insert(try individual(3, 0.9, "Neg(U)"))
    #expect(population.individuals.map(\.id) == [0])
  }

  @Test func theOldRetireExceptTheElite() throws {
    var population = Population([
      try individual(0, 0.9, "Neg(U)", generation: 0), try individual(1, 0.8, "Neg(I)", generation: 0),
      try individual(2, 0.7, "Neg(E)", generation: 3), try individual(3, 0.6, "Abs(E)", generation: 4),
    ])
    population.retire(before: 5, size: 2, elite: 1, lifetime: 2)
    #expect(population.individuals.map(\.id) == [0, 3])
    population.retire(before: 9, size: 2, elite: 1, lifetime: 2)
    #expect(population.individuals.map(\.id) == [0])
  }

  @Test func tournamentsPreferTheBestAndReachAll() throws {
    let ranked = try (0..<4).map { try individual($0, 1 - Double($0) / 10, "Add(U,\($0 + 1))") }
    var wins = [0, 0, 0, 0]
    for seed in 0..<UInt64(2_000) {
      var random = SeededGenerator(seed: seed)
      let winner = try #require(TournamentSelection(size: 3).winner(among: ranked, using: &random))
      wins[winner.id] += 1
    }
    #expect(wins.allSatisfy { $0 > 0 }, "\(wins)")
    #expect(wins == wins.sorted(by: >), "\(wins)")
    var random = SeededGenerator(seed: 0)
    #expect(TournamentSelection(size: 3).winner(among: [], using: &random) == nil)
  }

  @Test func populationsSurviveCoding() throws {
    let population = Population([try individual(4, 0.25, "Sub(1,Div(I,U))")], scoreStep: 0.002)
    let data = try JSONEncoder().encode(population)
    #expect(try JSONDecoder().decode(Population.self, from: data) == population)
  }
}
