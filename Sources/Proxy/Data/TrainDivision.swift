import Randomness

/// Which images of a train split are set aside as search-val when the data has no test split.
struct TrainDivision {
  /// Indices in ascending order.
  let train, validation: [Int]

  /// A seeded share of `count` images, at least one and never all.
  /// - Throws: `tooFewImages` for fewer than two.
  init(count: Int, fraction: Double, seed: UInt64) throws(DatasetError) {
    guard count >= 2 else { throw .tooFewImages(count: count) }
    var generator = SeededGenerator(seed: seed, stream: "data.split")
    var order = Array(0..<count)
    generator.shuffle(&order)
    let held = min(count - 1, max(1, Int((Double(count) * fraction).rounded())))
    (train, validation) = (order[held...].sorted(), order[..<held].sorted())
  }
}
