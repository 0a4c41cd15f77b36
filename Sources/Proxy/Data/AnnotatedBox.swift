/// A box as COCO writes it: left, top, width and height in pixels of the original image, in Double as read.
public struct AnnotatedBox: Hashable, Sendable, Codable {
  public var x: Double
  public var y: Double
  public var width: Double
  public var height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  public var area: Double { width * height }

  /// The part inside an image of the given size; nil when nothing is left.
  public func clipped(width imageWidth: Int, height imageHeight: Int) -> AnnotatedBox? {
    let left = max(x, 0)
    let top = max(y, 0)
    let right = min(x + width, Double(imageWidth))
    let bottom = min(y + height, Double(imageHeight))
    guard right > left, bottom > top else { return nil }
    return AnnotatedBox(x: left, y: top, width: right - left, height: bottom - top)
  }
}
