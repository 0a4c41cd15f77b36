import Evolution
import Formulas
import Foundation
import Randomness
import Testing

@Suite struct BreederTests {
  static let classification = GrammarSettings(mode: .multiClass)
  static let regression = GrammarSettings(mode: .regression)

  private func breeder(_ branch: SearchBranch, _ settings: EvolutionSettings = .standard) -> Breeder {
    Breeder(settings, branch: branch, classification: Self.classification, regression: Self.regression)
  }

  private func genomes(_ branch: SearchBranch) throws -> [Genome] {
    let classification = try parents.filter { $0.mode == .multiClass }.map {
      try Formula(parsing: $0.text, mode: $0.mode)
    }
    let regression = try parents.filter { $0.mode == .regression }.map { try Formula(parsing: $0.text, mode: $0.mode) }
    return zip(classification, regression).map {
      Genome(
        classification: branch.variesClassification ? $0 : nil, regression: branch.variesRegression ? $1 : nil)
    }
  }

  private func population(_ branch: SearchBranch) throws -> Population {
    Population(
      try genomes(branch).enumerated().map {
        Individual(id: 10 + $0, genome: $1, score: 0.5 - Double($0) / 10, generation: 0)
      })
  }

  @Test(arguments: SearchBranch.allCases) func offspringVaryTheBranchAndNameTheirParents(branch: SearchBranch) throws {
    let breeder = breeder(branch)
    let population = try population(branch)
    var seen = Set<VariationOperator>()
    for seed in 0..<UInt64(2_000) {
      var random = SeededGenerator(seed: seed)
      let proposal = try #require(breeder.offspring(of: population, using: &random), "seed \(seed)")
      seen.formUnion(proposal.operators)
      #expect((proposal.genome.classification != nil) == branch.variesClassification, "seed \(seed)")
      #expect((proposal.genome.regression != nil) == branch.variesRegression, "seed \(seed)")
      if let formula = proposal.genome.classification {
        #expect(faults(of: formula, in: Self.classification) == [], "seed \(seed): \(formula)")
      }
      if let formula = proposal.genome.regression {
        #expect(faults(of: formula, in: Self.regression) == [], "seed \(seed): \(formula)")
      }
      #expect(proposal.parents.allSatisfy { $0 == 10 || $0 == 11 }, "seed \(seed)")
      #expect(proposal.parents.isEmpty == (proposal.operators == [.random] && branch != .joint), "seed \(seed)")
      if branch == .joint, proposal.operators == [.random] {
        let kept = population.individuals.contains {
          $0.genome.classification == proposal.genome.classification
            || $0.genome.regression == proposal.genome.regression
        }
        #expect(kept, "seed \(seed)")
      }
      #expect(!proposal.operators.isEmpty, "seed \(seed)")
      let copies = population.individuals.contains { $0.genome == proposal.genome }
      if proposal.isUnchanged { #expect(copies, "seed \(seed)") }
    }
    var required: Set<VariationOperator> = [.random, .crossover, .point, .constant, .hoist, .insert, .delete, .subtree]
    if branch == .joint { required.insert(.exchange) }
    #expect(seen.isSuperset(of: required), "missing \(required.subtracting(seen))")
    #expect(seen.isSubset(of: required.union([.unchanged])), "\(seen)")
  }

  @Test func warmStartsComeFirstAndUnchanged() throws {
    let warm = try genomes(.joint)
    let breeder = breeder(.joint)
    var random = SeededGenerator(seed: 3)
    for (index, genome) in warm.enumerated() {
      let proposal = try #require(breeder.initial(index: index, warmStarts: warm, using: &random))
      #expect(proposal == Proposal(genome: genome, operators: [.warmStart]))
    }
    var kinds = Set<Bool>()
    for index in warm.count..<100 {
      let proposal = try #require(breeder.initial(index: index, warmStarts: warm, using: &random))
      kinds.insert(proposal.operators == [.random])
      #expect(proposal.parents.allSatisfy { warm.indices.contains($0) })
    }
    #expect(kinds == [true, false])
    let fresh = try #require(breeder.initial(index: 0, warmStarts: [], using: &random))
    #expect(fresh.operators == [.random])
  }

  @Test func theSameSeedGivesTheSameProposals() throws {
    let population = try population(.joint)
    func proposals(_ seed: UInt64) -> [Proposal?] {
      (0..<200).map { index in
        var random = SeededGenerator(seed: seed, stream: "proposal", index: UInt64(index))
        return breeder(.joint).offspring(of: population, using: &random)
      }
    }
    #expect(proposals(1) == proposals(1))
    #expect(proposals(1) != proposals(2))
  }

  @Test func anEmptyPopulationGivesRandomGenomes() throws {
    var random = SeededGenerator(seed: 9)
    let proposal = try #require(breeder(.classification).offspring(of: Population(), using: &random))
    #expect(proposal.operators == [.random])
  }

  @Test func settingsSurviveCodingWithEveryKey() throws {
    let data = try JSONEncoder().encode(EvolutionSettings.standard)
    #expect(try JSONDecoder().decode(EvolutionSettings.self, from: data) == .standard)
    let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
    #expect(Set(keys) == Set(Mirror(reflecting: EvolutionSettings.standard).children.compactMap(\.label)))
    #expect(EvolutionSettings.standard.problems == [])
    for mode in Mode.allCases {
      let grammar = GrammarSettings(mode: mode)
      let data = try JSONEncoder().encode(grammar)
      #expect(try JSONDecoder().decode(GrammarSettings.self, from: data) == grammar)
    }
  }

  @Test func contradictorySettingsAreNamed() {
    func problems(_ change: (inout EvolutionSettings) -> Void) -> String {
      var settings = EvolutionSettings()
      change(&settings)
      return settings.problems.joined(separator: "; ")
    }
    #expect(problems { $0.parents = 99 }.contains("parents must not exceed"))
    #expect(problems { $0.elite = 99 }.contains("elite"))
    #expect(problems { $0.proxyCandidates = 9_999 }.contains("proxyCandidates"))
    #expect(problems { $0.crossoverProbability = 1.5 }.contains("crossoverProbability"))
    #expect(problems { $0.furtherMutationProbability = 1 }.contains("furtherMutationProbability"))
    #expect(problems { $0.variation.attempts = 0 }.contains("attempts"))
    #expect(
      problems {
        $0.pointWeight = 0; $0.constantWeight = 0; $0.hoistWeight = 0; $0.insertWeight = 0; $0.deleteWeight = 0
        $0.subtreeWeight = 0
      }.contains("mutation weights"))
  }
}
