/// The area in which boxes live: 0 ... width by 0 ... height, in pixels.
public struct ImageArea: Hashable, Sendable, Codable {
  public var width: Float
  public var height: Float

  public init(width: Float, height: Float) {
    (self.width, self.height) = (width, height)
  }

  /// The box with every coordinate moved into the area.
  @inlinable
  public func clip(_ box: BoundingBox) -> BoundingBox {
    BoundingBox(
      x1: min(max(box.x1, 0), width), y1: min(max(box.y1, 0), height),
      x2: min(max(box.x2, 0), width), y2: min(max(box.y2, 0), height))
  }

  /// The gradient that passes through `clip`: zero at every coordinate of `box` on or outside the border.
  func masked(_ gradient: BoundingBox, by box: BoundingBox) -> BoundingBox {
    BoundingBox(
      x1: box.x1 > 0 && box.x1 < width ? gradient.x1 : 0, y1: box.y1 > 0 && box.y1 < height ? gradient.y1 : 0,
      x2: box.x2 > 0 && box.x2 < width ? gradient.x2 : 0, y2: box.y2 > 0 && box.y2 < height ? gradient.y2 : 0)
  }
}
