import Randomness

/// Tournament selection (Goldberg and Deb, 1991; used by CSE-Autoloss): the best of a few drawn at random.
public struct TournamentSelection: Sendable {
  /// How many individuals are drawn, with replacement; 1 selects uniformly.
  public let size: Int

  public init(size: Int) {
    self.size = max(1, size)
  }

  /// A winner among individuals given best first; nil when there are none.
  public func winner(among ranked: [Individual], using random: inout SeededGenerator) -> Individual? {
    guard !ranked.isEmpty else { return nil }
    var best = ranked.count - 1
    for _ in 0..<size { best = min(best, random.index(below: ranked.count)) }
    return ranked[best]
  }
}
