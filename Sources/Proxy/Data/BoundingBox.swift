/// An axis-parallel box by its corners, in pixels of the detector's input; x to the right, y down, no "+ 1" conventions.
public struct BoundingBox: Hashable, Sendable, Codable {
  public var x1: Float
  public var y1: Float
  public var x2: Float
  public var y2: Float

  public init(x1: Float, y1: Float, x2: Float, y2: Float) {
    (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
  }

  /// x2 − x1; negative for an inverted box.
  public var width: Float { x2 - x1 }
  /// y2 − y1; negative for an inverted box.
  public var height: Float { y2 - y1 }
  /// width · height in square pixels, not clamped.
  public var area: Float { width * height }

  /// The box mirrored left to right inside an image of the given width.
  public func flippedHorizontally(imageWidth: Float) -> BoundingBox {
    BoundingBox(x1: imageWidth - x2, y1: y1, x2: imageWidth - x1, y2: y2)
  }
}
