/// A scored genome.
public struct Individual: Hashable, Codable, Sendable {
  /// The number of its proposal in the run: unique, ascending in the order of submission.
  public let id: Int
  public let genome: Genome
  /// The proxy score, higher is better; finite.
  public let score: Double
  public let generation: Int

  public init(id: Int, genome: Genome, score: Double, generation: Int) {
    self.id = id
    self.genome = genome
    self.score = score
    self.generation = generation
  }
}

/// The scored individuals that can become parents, best first: by score, then by complexity, then the older first.
public struct Population: Hashable, Codable, Sendable {
  /// Best first.
  public private(set) var individuals: [Individual]
  /// Scores in the same step of this width count as equal, so that the simpler formula wins; 0 compares them as they are.
  public let scoreStep: Double

  public init(_ individuals: [Individual] = [], scoreStep: Double = 0) {
    self.scoreStep = scoreStep
    self.individuals = []
    for individual in individuals { insert(individual) }
  }

  /// The best individual; nil in an empty population.
  public var best: Individual? { individuals.first }

  /// The best `count` individuals, best first.
  public func best(_ count: Int) -> [Individual] { Array(individuals.prefix(count)) }

  /// Adds an individual at its place; one whose score is not finite is left out, and of two with the same genome the
  /// first stays.
  public mutating func insert(_ individual: Individual) {
    guard individual.score.isFinite, !individuals.contains(where: { $0.genome == individual.genome }) else { return }
    let place = individuals.firstIndex { precedes(individual, $0) } ?? individuals.count
    individuals.insert(individual, at: place)
  }

  /// Whether one individual ranks strictly before another.
  public func precedes(_ first: Individual, _ second: Individual) -> Bool {
    let scores = (rank(first.score), rank(second.score))
    if scores.0 != scores.1 { return scores.0 > scores.1 }
    let sizes = (first.genome.complexity, second.genome.complexity)
    if sizes.0 != sizes.1 { return sizes.0 < sizes.1 }
    return first.id < second.id
  }

  /// Ends a generation: the `elite` best stay; of the others those of the last `lifetime` generations; then the best
  /// `size` of these.
  public mutating func retire(before generation: Int, size: Int, elite: Int, lifetime: Int) {
    let kept = individuals.enumerated().filter { rank, individual in
      rank < elite || individual.generation > generation - lifetime
    }
    individuals = Array(kept.map(\.element).prefix(max(size, elite)))
  }

  private func rank(_ score: Double) -> Double {
    scoreStep > 0 ? (score / scoreStep).rounded(.down) : score
  }
}
