/// A candidate that evolution puts forward, and where it comes from.
public struct Proposal: Hashable, Codable, Sendable {
  public let genome: Genome
  /// What made it, in order; `[.unchanged]` when nothing legal was found.
  public let operators: [VariationOperator]
  /// Ids of the individuals it was made from, the receiver first; empty for warm starts and for wholly
  /// random ones.
  public let parents: [Int]

  public init(genome: Genome, operators: [VariationOperator], parents: [Int] = []) {
    self.genome = genome
    self.operators = operators
    self.parents = parents
  }

  /// Whether variation gave up: the genome is the first parent's.
  public var isUnchanged: Bool { operators == [.unchanged] }
}
