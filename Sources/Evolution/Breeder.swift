import Formulas
import Randomness

/// Proposes candidates: warm starts, random genomes, and offspring of a population.
///
/// Every proposal is a function of the settings, the individuals given and the generator's state.
public struct Breeder: Sendable {
  public let settings: EvolutionSettings
  public let branch: SearchBranch
  private let classification: BranchVariation?
  private let regression: BranchVariation?

  /// - Parameters:
  ///   - classification: the grammar of the classification branch; used when the branch varies it.
  ///   - regression: the grammar of the regression branch; used when the branch varies it.
  public init(
    _ settings: EvolutionSettings, branch: SearchBranch, classification: GrammarSettings, regression: GrammarSettings
  ) {
    self.settings = settings
    self.branch = branch
    self.classification = branch.variesClassification ? BranchVariation(Grammar(classification), settings) : nil
    self.regression = branch.variesRegression ? BranchVariation(Grammar(regression), settings) : nil
  }

  /// A genome drawn from the grammars; nil only when a grammar makes no formula.
  public func random(using random: inout SeededGenerator) -> Proposal? {
    var genome = Genome()
    if let classification {
      guard let formula = classification.generator.formula(using: &random) else { return nil }
      genome.classification = formula
    }
    if let regression {
      guard let formula = regression.generator.formula(using: &random) else { return nil }
      genome.regression = formula
    }
    return Proposal(genome: genome, operators: [.random])
  }

  /// A proposal of the initial generation: warm start number `index` while there are such, then immigrants and mutants of
  /// the warm starts, whose parents are the numbers of the warm starts.
  public func initial(index: Int, warmStarts: [Genome], using random: inout SeededGenerator) -> Proposal? {
    if index < warmStarts.count { return Proposal(genome: warmStarts[index], operators: [.warmStart]) }
    guard !warmStarts.isEmpty else { return self.random(using: &random) }
    let chosen = random.index(below: warmStarts.count)
    if random.chance(settings.initialRandomProbability) {
      return immigrant(beside: warmStarts[chosen], id: chosen, using: &random)
    }
    return mutant(of: warmStarts[chosen], id: chosen, using: &random)
  }

  /// A proposal from scored individuals: an immigrant, a crossover or a mutant. Tournaments choose among the best
  /// `settings.parents`; an empty population gives a random genome.
  public func offspring(of population: Population, using random: inout SeededGenerator) -> Proposal? {
    let pool = population.best(settings.parents)
    let tournament = TournamentSelection(size: settings.tournamentSize)
    guard let first = tournament.winner(among: pool, using: &random) else { return self.random(using: &random) }
    if random.chance(settings.immigrantProbability) {
      return immigrant(beside: first.genome, id: first.id, using: &random)
    }
    if random.chance(settings.crossoverProbability),
      let second = tournament.winner(among: pool.filter { $0.id != first.id }, using: &random),
      let crossed = crossed(first, second, using: &random)
    {
      return crossed
    }
    return mutant(of: first.genome, id: first.id, using: &random)
  }

  /// A random genome. In a joint search one branch only is drawn and the other one kept: formulas that pass the screening are
  /// rare, and two of them at once all but unheard of.
  private func immigrant(beside parent: Genome, id: Int, using random: inout SeededGenerator) -> Proposal? {
    guard branch == .joint else { return self.random(using: &random) }
    let actsOnRegression = drawsRegression(&random)
    guard let drawn = (actsOnRegression ? regression : classification)?.generator.formula(using: &random) else {
      return nil
    }
    var genome = parent
    set(drawn, in: &genome, actsOnRegression)
    return Proposal(genome: genome, operators: [.random], parents: [id])
  }

  /// A child of two individuals, perhaps mutated as well; nil when no legal one was found.
  private func crossed(_ first: Individual, _ second: Individual, using random: inout SeededGenerator) -> Proposal? {
    var genome = first.genome
    var operators: [VariationOperator]
    if branch == .joint, random.chance(settings.exchangeProbability) {
      genome.regression = second.genome.regression
      operators = [.exchange]
    } else {
      let actsOnRegression = drawsRegression(&random)
      guard let variation = actsOnRegression ? regression : classification,
        let receiver = formula(of: first.genome, actsOnRegression),
        let donor = formula(of: second.genome, actsOnRegression),
        let child = variation.crossover.child(of: receiver, and: donor, using: &random)
      else { return nil }
      set(child, in: &genome, actsOnRegression)
      operators = [.crossover]
    }
    while random.chance(settings.furtherMutationProbability) { mutate(&genome, &operators, &random) }
    guard genome != first.genome, genome != second.genome else { return nil }
    return Proposal(genome: genome, operators: operators, parents: [first.id, second.id])
  }

  /// The genome after one or more mutations; unchanged when none was legal.
  private func mutant(of parent: Genome, id: Int, using random: inout SeededGenerator) -> Proposal {
    var genome = parent
    var operators: [VariationOperator] = []
    repeat { mutate(&genome, &operators, &random) } while random.chance(settings.furtherMutationProbability)
    if genome == parent { operators = [.unchanged] }
    return Proposal(genome: genome, operators: operators, parents: [id])
  }

  /// One mutation of a drawn kind on a drawn branch, if it finds a legal change.
  private func mutate(_ genome: inout Genome, _ operators: inout [VariationOperator], _ random: inout SeededGenerator) {
    let actsOnRegression = drawsRegression(&random)
    guard let variation = actsOnRegression ? regression : classification,
      let formula = formula(of: genome, actsOnRegression),
      let drawn = random.index(weights: MutationKind.allCases.map { settings.weight(of: $0) })
    else { return }
    let kind = MutationKind.allCases[drawn]
    guard let mutant = variation.mutation.mutant(of: formula, kind: kind, using: &random) else { return }
    set(mutant, in: &genome, actsOnRegression)
    operators.append(VariationOperator(kind))
  }

  private func drawsRegression(_ random: inout SeededGenerator) -> Bool {
    switch branch {
    case .classification: false
    case .regression: true
    case .joint: random.chance(settings.regressionProbability)
    }
  }

  private func formula(of genome: Genome, _ isRegression: Bool) -> Formula? {
    isRegression ? genome.regression : genome.classification
  }

  private func set(_ formula: Formula, in genome: inout Genome, _ isRegression: Bool) {
    if isRegression { genome.regression = formula } else { genome.classification = formula }
  }
}

/// Everything that varies one branch.
private struct BranchVariation: Sendable {
  let generator: FormulaGenerator
  let crossover: Crossover
  let mutation: Mutation

  init(_ grammar: Grammar, _ settings: EvolutionSettings) {
    generator = FormulaGenerator(grammar)
    crossover = Crossover(grammar, settings: settings.variation)
    mutation = Mutation(grammar, settings: settings.variation)
  }
}
