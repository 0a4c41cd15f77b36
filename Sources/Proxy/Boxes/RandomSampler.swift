import Randomness

/// Draws a fixed number of candidates for a loss, objects up to a share and background for the rest (Faster R-CNN).
public struct RandomSampler: Hashable, Sendable, Codable {
  /// Candidates an image.
  public var count: Int
  /// Largest share of objects among them, in 0 ... 1.
  public var positiveShare: Float

  public init(count: Int, positiveShare: Float) {
    (self.count, self.positiveShare) = (count, positiveShare)
  }

  /// Most objects an image.
  public var mostPositives: Int { Int(Float(count) * positiveShare) }

  /// Indices of the drawn objects and of the drawn background, each rising; together at most `count`.
  public func sample(
    _ matches: [Match], using generator: inout SeededGenerator
  ) -> (positives: [Int], negatives: [Int]) {
    sample(
      objects: matches.indices.filter { matches[$0].groundTruth != nil },
      background: matches.indices.filter { matches[$0] == .background }, using: &generator)
  }

  /// The same draw for candidates that are sorted already: rising indices of the objects and of the background.
  func sample(
    objects: [Int], background: [Int], using generator: inout SeededGenerator
  ) -> (positives: [Int], negatives: [Int]) {
    let positives = Self.draw(mostPositives, of: objects, using: &generator)
    let negatives = Self.draw(count - positives.count, of: background, using: &generator)
    return (positives, negatives)
  }

  /// `count` of the indices without repetition (all when there are no more), rising (partial Fisher and Yates).
  private static func draw(_ count: Int, of indices: [Int], using generator: inout SeededGenerator) -> [Int] {
    guard indices.count > count else { return indices }
    var pool = indices
    for place in 0..<max(count, 0) {
      pool.swapAt(place, place + generator.index(below: pool.count - place))
    }
    return pool.prefix(max(count, 0)).sorted()
  }
}
