/// How crossover and mutation act on a formula.
public struct VariationSettings: Codable, Hashable, Sendable {
  /// Chance that an edit of a shared node changes all its uses; else one use is drawn. Ours.
  public var sharedEditProbability = 0.5
  /// Crossover: chance that a cut point is an inner node rather than a leaf. Koza (1992): 0.9.
  public var innerPointProbability = 0.9
  /// Mutation `subtree`: greatest depth of the new part. Ours.
  public var subtreeDepth = 3
  /// Mutation `insert`: greatest depth of the other argument of an inserted primitive. Ours.
  public var insertDepth = 1
  /// How often an illegal or unchanged result is drawn anew before the operator gives up. Ours.
  public var attempts = 20

  public init() {}

  public static let standard = VariationSettings()

  /// What is contradictory or out of range, in words; empty when the settings can be used.
  public var problems: [String] {
    var found: [String] = []
    if !(0...1).contains(sharedEditProbability) { found.append("sharedEditProbability must lie in 0...1") }
    if !(0...1).contains(innerPointProbability) { found.append("innerPointProbability must lie in 0...1") }
    if subtreeDepth < 0 { found.append("subtreeDepth must be at least 0") }
    if insertDepth < 0 { found.append("insertDepth must be at least 0") }
    if attempts < 1 { found.append("attempts must be at least 1") }
    return found
  }
}
