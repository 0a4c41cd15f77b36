import Foundation
import Proxy

/// Data whose objects are too small for the input: at least half of the training objects have a √area below 12 pixels there.
///
/// The number is ours: three cells of the finer pyramid level along each side. `description` says what was found.
struct SmallObjects: CustomStringConvertible {
  /// The profile of both search spaces that such data is trained with.
  static let profile = "small-objects"
  static let leastSize = 12.0

  /// Median √area of the trainable boxes in pixels of the input.
  let median: Double
  let input: DataSettings

  /// Nil where the objects are large enough, or where there are none.
  init?(_ data: DetectionDataset, input: DataSettings) {
    guard let median = data.medianObjectSize, median < Self.leastSize else { return nil }
    (self.median, self.input) = (median, input)
  }

  var description: String {
    String(
      format: "half of the objects are smaller than %.1f pixels at an input of %d × %d", median, input.height,
      input.width)
  }
}
