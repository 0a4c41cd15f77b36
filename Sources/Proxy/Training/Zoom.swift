import Foundation
import Randomness

/// How an image is enlarged or shrunk inside the detector's input, and where it then lies.
package struct Zoom: Hashable, Sendable {
  /// Factor on the image as it lies in the input.
  package let scale: Double
  /// Where the input lies in the room that the scaled image leaves, 0 to 1.
  package let down, right: Double

  package init(scale: Double, down: Double, right: Double) {
    (self.scale, self.down, self.right) = (scale, down, right)
  }

  /// A factor between 1 / `largest` and `largest`, drawn evenly in its logarithm, and a place.
  init(upTo largest: Double, using generator: inout SeededGenerator) {
    scale = exp(generator.uniform(-1, 1) * log(largest))
    down = generator.uniform()
    right = generator.uniform()
  }

  /// The least share of an object that makes what is left of it an object, and its least side in pixels; less is left out of
  /// the losses. Ours.
  static let leastShare: Float = 0.3
  static let leastSide: Float = 1

  /// The axes of the cut out of an image that lies in an input of height × width.
  func axes(of placement: ImagePlacement, height: Int, width: Int) -> (down: CropAxis, right: CropAxis) {
    (
      CropAxis(source: placement.contentHeight, scale: scale, count: height, share: down),
      CropAxis(source: placement.contentWidth, scale: scale, count: width, share: right)
    )
  }
}
