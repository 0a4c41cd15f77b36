/// The numbers of the evolutionary search.
///
/// The scheme is Algorithm 1 of CSE-Autoloss (Liu et al., ICLR 2021, section 3.3): many candidates a generation are screened,
/// the K best of the simulation are trained on the proxy, the P best of these become parents, tournaments choose among
/// them. Its numbers are for eight GPUs; ours fit an hour on two processor cores.
public struct EvolutionSettings: Codable, Hashable, Sendable {
  /// Generations after the initial one. Ours.
  public var generations = 10
  /// Candidates generated in each generation, duplicates and rejected ones included. Ours.
  public var candidatesPerGeneration = 1_000
  /// Scored individuals kept between generations. Ours.
  public var populationSize = 24
  /// K: candidates that go from the simulation to the proxy in each generation (name from CSE-Autoloss; number ours).
  public var proxyCandidates = 8
  /// P: best scored individuals that may become parents (name from CSE-Autoloss; number ours).
  public var parents = 8
  /// Individuals in a tournament. Tournament selection: CSE-Autoloss; size ours.
  public var tournamentSize = 3
  /// Best individuals that never retire. Ours.
  public var elite = 3
  /// Generations after which the others retire, so that one lucky score does not rule for ever (Real et al., 2019). Number ours.
  public var lifetime = 5
  /// Scores that differ by less count as equal, and the simpler formula wins. In units of the score (AP). Ours; it should not
  /// exceed the seed spread.
  public var scoreStep = 0.002
  /// Chance that a candidate is drawn from the grammar instead of varied from parents. Ours: one random classification formula in
  /// 2,000 and one random regression formula in 160 passes the screening, against every third mutant, but screening them costs
  /// next to nothing.
  public var immigrantProbability = 0.5
  /// Initial generation: the same chance, while only warm starts are there to vary. Ours.
  public var initialRandomProbability = 0.5
  /// Chance that a varied candidate comes from a crossover; else from mutation. Ours.
  public var crossoverProbability = 0.3
  /// Chance of one more mutation, after a crossover or a mutation; drawn again after each. Ours.
  public var furtherMutationProbability = 0.4
  /// Joint search: chance that a crossover exchanges whole branches instead of parts. Ours.
  public var exchangeProbability = 0.25
  /// Joint search: chance that a variation acts on the regression branch; else on classification. Ours.
  public var regressionProbability = 0.5
  /// Relative chance of each mutation. Ours.
  public var pointWeight = 2.0
  public var constantWeight = 1.0
  public var hoistWeight = 0.5
  public var insertWeight = 2.0
  public var deleteWeight = 1.0
  public var subtreeWeight = 1.0
  /// How crossover and mutation act inside a formula.
  public var variation = VariationSettings()
  /// Trainings that may be under way before the first of them is committed. Results are committed in the order of submission and
  /// a generation is proposed as a whole, so neither this nor the number of workers changes what is found. Ours.
  public var lookAhead = 8

  public init() {}

  public static let standard = EvolutionSettings()

  public func weight(of kind: MutationKind) -> Double {
    switch kind {
    case .point: pointWeight
    case .constant: constantWeight
    case .hoist: hoistWeight
    case .insert: insertWeight
    case .delete: deleteWeight
    case .subtree: subtreeWeight
    }
  }

  /// What is contradictory or out of range, in words; empty when the settings can be used.
  public var problems: [String] {
    var found = variation.problems.map { "variation: \($0)" }
    for (name, count) in [
      ("candidatesPerGeneration", candidatesPerGeneration), ("populationSize", populationSize),
      ("proxyCandidates", proxyCandidates), ("parents", parents), ("tournamentSize", tournamentSize),
      ("lifetime", lifetime), ("lookAhead", lookAhead),
    ] where count < 1 {
      found.append("\(name) must be at least 1")
    }
    if generations < 0 { found.append("generations must be at least 0") }
    if elite < 0 || elite > populationSize { found.append("elite must lie between 0 and populationSize") }
    if parents > populationSize { found.append("parents must not exceed populationSize") }
    if proxyCandidates > candidatesPerGeneration {
      found.append("proxyCandidates must not exceed candidatesPerGeneration")
    }
    if !(scoreStep >= 0 && scoreStep.isFinite) { found.append("scoreStep must be at least 0") }
    for (name, chance) in [
      ("immigrantProbability", immigrantProbability), ("initialRandomProbability", initialRandomProbability),
      ("crossoverProbability", crossoverProbability), ("exchangeProbability", exchangeProbability),
      ("regressionProbability", regressionProbability),
    ] where !(0...1).contains(chance) {
      found.append("\(name) must lie in 0...1")
    }
    if !(furtherMutationProbability >= 0 && furtherMutationProbability < 1) {
      found.append("furtherMutationProbability must be at least 0 and below 1")
    }
    let weights = MutationKind.allCases.map { weight(of: $0) }
    if !weights.allSatisfy({ $0 >= 0 && $0.isFinite }) || weights.reduce(0, +) <= 0 {
      found.append("the mutation weights must be at least 0 and not all 0")
    }
    return found
  }
}
