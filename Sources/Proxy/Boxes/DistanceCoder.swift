/// A location inside a box, in pixels.
public struct Point: Hashable, Sendable {
  public var x, y: Float

  public init(x: Float, y: Float) {
    (self.x, self.y) = (x, y)
  }
}

/// Distances from a point to the four sides of a box, in pixels (or in strides where the caller has divided).
public struct SideDistances: Hashable, Sendable {
  public var left, top, right, bottom: Float

  public init(left: Float, top: Float, right: Float, bottom: Float) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// Classical centerness (Tian et al., 2019, eq. 3), in 0 ... 1 for points inside the box.
  public var centerness: Float {
    let x = min(left, right) / max(left, right)
    let y = min(top, bottom) / max(top, bottom)
    return (x * y).squareRoot()
  }
}

/// Turns boxes into distances from a point and back, as one-stage detectors without anchors do (FCOS).
public enum DistanceCoder {
  /// The four distances; with a `limit` each is cut to 0 ... `limit` − `margin`.
  public static func encode(
    _ box: BoundingBox, from point: Point, limit: Float? = nil, margin: Float = 0.1
  ) -> SideDistances {
    let distances = SideDistances(
      left: point.x - box.x1, top: point.y - box.y1, right: box.x2 - point.x, bottom: box.y2 - point.y)
    guard let limit else { return distances }
    func cut(_ value: Float) -> Float { min(max(value, 0), limit - margin) }
    return SideDistances(
      left: cut(distances.left), top: cut(distances.top), right: cut(distances.right), bottom: cut(distances.bottom))
  }

  /// The box around the point, cut to the area when that is given.
  public static func decode(
    _ distances: SideDistances, from point: Point, clippedTo area: ImageArea? = nil
  ) -> BoundingBox {
    let box = BoundingBox(
      x1: point.x - distances.left, y1: point.y - distances.top, x2: point.x + distances.right,
      y2: point.y + distances.bottom)
    return area.map { $0.clip(box) } ?? box
  }
}
