/// Which point of which pyramid level shows which object, without anchors (FCOS, Tian et al., 2019, section 3).
public struct FCOSTargets: Hashable, Sendable {
  /// One pyramid level: pixels between points, and the largest side distance of the objects it takes (ends included).
  public struct Level: Hashable, Sendable {
    public var stride: Int
    public var distances: ClosedRange<Float>

    public init(stride: Int, distances: ClosedRange<Float>) {
      (self.stride, self.distances) = (stride, distances)
    }
  }

  /// What a point is to predict. `distances` has no meaning where there is no ground truth.
  public struct Target: Hashable, Sendable {
    /// Index of the ground truth; nil for background.
    public var groundTruth: Int?
    public var distances: SideDistances
  }

  public var levels: [Level]
  /// Only points within this many strides of an object's centre count; nil: all points inside the box.
  public var centerRadius: Float?
  /// Divides the target distances by the stride.
  public var normalized: Bool

  public init(levels: [Level], centerRadius: Float? = 1.5, normalized: Bool = true) {
    (self.levels, self.centerRadius, self.normalized) = (levels, centerRadius, normalized)
  }

  /// The points of a feature map of `height` × `width` cells, row by row: index · stride + ⌊stride / 2⌋, in pixels.
  public static func points(stride: Int, height: Int, width: Int) -> [Point] {
    (0..<height).flatMap { row in
      (0..<width).map { Point(x: Float($0 * stride + stride / 2), y: Float(row * stride + stride / 2)) }
    }
  }

  /// The targets of one level's points for one image: of the objects that claim a point the smallest wins (then the first).
  public func targets(level: Level, points: [Point], groundTruths: [BoundingBox]) -> [Target] {
    let scale = normalized ? 1 / Float(level.stride) : 1
    return points.map { point in
      var best: (area: Float, target: Target)?
      for (index, box) in groundTruths.enumerated() where claims(box, point, level) {
        let area = (box.x2 - box.x1) * (box.y2 - box.y1)
        if let best, best.area <= area { continue }
        let d = DistanceCoder.encode(box, from: point)
        let distances = SideDistances(
          left: d.left * scale, top: d.top * scale, right: d.right * scale, bottom: d.bottom * scale)
        best = (area, Target(groundTruth: index, distances: distances))
      }
      return best?.target ?? Target(distances: SideDistances(left: 0, top: 0, right: 0, bottom: 0))
    }
  }

  func claims(_ box: BoundingBox, _ point: Point, _ level: Level) -> Bool {
    let d = DistanceCoder.encode(box, from: point)
    guard level.distances.contains(max(max(d.left, d.top), max(d.right, d.bottom))) else { return false }
    return Self.least(DistanceCoder.encode(core(of: box, level: level), from: point)) > 0
  }

  /// The part of an object whose points may show it: its centre, or all of it where no radius is set.
  func core(of box: BoundingBox, level: Level) -> BoundingBox {
    guard let centerRadius else { return box }
    let reach = Float(level.stride) * centerRadius
    let (x, y) = ((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2)
    return BoundingBox(
      x1: max(x - reach, box.x1), y1: max(y - reach, box.y1), x2: min(x + reach, box.x2), y2: min(y + reach, box.y2))
  }

  private static func least(_ d: SideDistances) -> Float {
    min(min(d.left, d.top), min(d.right, d.bottom))
  }
}
