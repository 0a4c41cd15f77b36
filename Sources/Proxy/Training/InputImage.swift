import CKernels

/// An image as the detector trains on it: its targets after the changes of one draw, and how its pixels become numbers.
package struct InputImage {
  package let boxes: [BoundingBox]
  package let labels: [Int]
  /// The masks of `boxes` in pixels of the original, not flipped; nil where the data has none.
  package let masks: [InstanceMask?]
  /// Crowd regions, which hold objects without boxes.
  package let ignored: [BoundingBox]
  /// The part of the input that the picture covers.
  package let area: ImageArea
  private let source: DetectionImage
  private let draw: BatchOrder.Draw?

  /// Pixel values are centred and scaled by these: (p − 127.5) / 64.
  package static let center: Float = 127.5
  package static let scale: Float = 1 / 64

  /// The image as it is, or changed as drawn. A flip mirrors the picture inside the part that it covers.
  package init(_ source: DetectionImage, draw: BatchOrder.Draw? = nil) {
    (self.source, self.draw) = (source, draw)
    let (targets, isFlipped) = (source.targets, draw?.isFlipped ?? false)
    area = ImageArea(width: Float(source.placement.contentWidth), height: Float(source.placement.contentHeight))
    (boxes, labels, masks) = (targets.boxes(isFlipped: isFlipped), targets.labels, targets.masks)
    ignored = targets.crowds(isFlipped: isFlipped)
  }

  /// Where a box of this input lies in the original image, as its masks show it: not cut, and whether left and right
  /// have changed places.
  package func inOriginal(_ box: BoundingBox) -> (box: BoundingBox, isMirrored: Bool) {
    let isFlipped = draw?.isFlipped ?? false
    let turned = isFlipped ? box.flippedHorizontally(imageWidth: Float(source.placement.contentWidth)) : box
    let scale = Float(source.placement.scale)
    return (
      BoundingBox(
        x1: turned.x1 / scale, y1: turned.y1 / scale, x2: turned.x2 / scale, y2: turned.y2 / scale), isFlipped
    )
  }

  /// Writes height × width × 3 numbers.
  package func write(to target: UnsafeMutableBufferPointer<Float>) {
    let contrast = draw?.contrast ?? 1
    let factor = Self.scale * contrast
    // A change of brightness b and contrast c maps p to (p · b − centre) · c.
    var map = nn_pixel_map(
      height: Int64(source.height), width: Int64(source.width), content: Int64(source.placement.contentWidth),
      gain: factor * (draw?.brightness ?? 1), offset: -Self.center * factor, mirrored: draw?.isFlipped == true ? 1 : 0)
    precondition(target.count >= source.height * source.width * 3, "a place for each number")
    source.pixels.bytes.withUnsafeBufferPointer { nn_pixels($0.baseAddress, target.baseAddress, &map) }
  }
}
