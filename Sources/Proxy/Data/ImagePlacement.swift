/// How an original image lies in the detector's fixed input: scaled by one factor for both axes, anchored at the top
/// left corner, the rest to the right and below filled with the padding colour.
///
/// One factor keeps the shape of boxes and makes "area in pixels" mean the same along both axes.
public struct ImagePlacement: Hashable, Sendable, Codable {
  /// The value of all three channels outside the content.
  public static let paddingGray: UInt8 = 128

  /// Size of the original image in pixels.
  public let originalWidth: Int
  public let originalHeight: Int
  /// The part of the input that the image covers, in pixels; at least 1 × 1.
  public let contentWidth: Int
  public let contentHeight: Int
  /// Input pixels per original pixel.
  public let scale: Double

  /// The largest placement of an original of the given size (at least 1 × 1) inside height × width.
  public init(originalWidth: Int, originalHeight: Int, height: Int, width: Int) {
    let scale = min(Double(width) / Double(originalWidth), Double(height) / Double(originalHeight))
    self.originalWidth = originalWidth
    self.originalHeight = originalHeight
    self.scale = scale
    contentWidth = max(1, min(width, Int((Double(originalWidth) * scale).rounded())))
    contentHeight = max(1, min(height, Int((Double(originalHeight) * scale).rounded())))
  }

  /// From original pixels to input pixels.
  public func input(_ box: AnnotatedBox) -> BoundingBox {
    BoundingBox(
      x1: Float(box.x * scale), y1: Float(box.y * scale), x2: Float((box.x + box.width) * scale),
      y2: Float((box.y + box.height) * scale))
  }

  /// From input pixels back to original pixels, cut at the border of the original; an empty or inverted box becomes
  /// one of zero width or height.
  public func original(_ box: BoundingBox) -> AnnotatedBox {
    let left = min(max(Double(box.x1) / scale, 0), Double(originalWidth))
    let top = min(max(Double(box.y1) / scale, 0), Double(originalHeight))
    let right = min(max(Double(box.x2) / scale, 0), Double(originalWidth))
    let bottom = min(max(Double(box.y2) / scale, 0), Double(originalHeight))
    return AnnotatedBox(x: left, y: top, width: max(0, right - left), height: max(0, bottom - top))
  }
}
