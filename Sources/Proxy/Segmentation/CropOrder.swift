import Foundation
import Randomness

/// Which crops each step sees: fixed by the seed alone, so that losses are compared on the same batches.
package struct CropOrder: Hashable, Sendable, Codable {
  /// One crop of one image.
  package struct Draw: Hashable, Sendable {
    package let image: BatchOrder.Draw
    /// Of the picture before it is cropped.
    package let scale: Double
    /// Where the crop lies in the room that the scaled picture leaves, 0 to 1.
    package let down, right: Double
  }

  private let settings: SegmentationTrainingSettings
  private var images: BatchOrder
  private var places: SeededGenerator

  package init(settings: SegmentationTrainingSettings, imageCount: Int, seed: UInt64) {
    self.settings = settings
    images = BatchOrder(settings: settings.schedule, imageCount: imageCount, seed: seed)
    places = SeededGenerator(seed: seed, stream: "crops")
  }

  /// Whether this is a later place in an order of the same settings and images.
  func continues(_ other: CropOrder) -> Bool { settings == other.settings && images.continues(other.images) }

  /// The next crop; a batch is as many of them as the settings say.
  package mutating func next() -> Draw {
    let image = images.next()
    let share = places.uniform()
    return Draw(
      image: image, scale: settings.smallestScale * pow(settings.largestScale / settings.smallestScale, share),
      down: places.uniform(), right: places.uniform())
  }
}
