import Randomness

/// Which images each step sees, and how they are changed: fixed by the seed alone, so that losses are compared on the
/// same batches.
///
/// Images come in shuffled passes over the data that run on across batches; data with fewer images than a batch repeats.
package struct BatchOrder: Hashable, Sendable, Codable {
  /// One image of a batch.
  package struct Draw: Hashable, Sendable {
    /// Index in the data set.
    package let image: Int
    package let isFlipped: Bool
    /// Factors of brightness and contrast, 1 without jitter.
    package let brightness: Float
    package let contrast: Float
    /// Nil: the image keeps its size and place.
    package let zoom: Zoom?
  }

  private let settings: TrainingSettings
  private let imageCount: Int
  private var order: SeededGenerator
  private var changes: SeededGenerator
  private var pending: [Int] = []

  package init(settings: TrainingSettings, imageCount: Int, seed: UInt64) {
    (self.settings, self.imageCount) = (settings, imageCount)
    order = SeededGenerator(seed: seed, stream: "batch order")
    changes = SeededGenerator(seed: seed, stream: "image changes")
  }

  /// Whether this is a later place in an order of the same settings and images, with places inside them.
  func continues(_ other: BatchOrder) -> Bool {
    settings == other.settings && imageCount == other.imageCount
      && pending.allSatisfy((0..<imageCount).contains)
  }

  /// The next image; a batch is as many of them as the settings say. Allocates nothing after the first pass.
  package mutating func next() -> Draw {
    if pending.isEmpty {
      pending.append(contentsOf: 0..<imageCount)
      order.shuffle(&pending)
    }
    let jitter = Double(settings.colorJitter)
    return Draw(
      image: pending.removeLast(), isFlipped: changes.chance(settings.flipProbability),
      brightness: 1 + Float(changes.uniform(-jitter, jitter)), contrast: 1 + Float(changes.uniform(-jitter, jitter)),
      zoom: settings.zoomLimit > 1 ? Zoom(upTo: settings.zoomLimit, using: &changes) : nil)
  }
}
