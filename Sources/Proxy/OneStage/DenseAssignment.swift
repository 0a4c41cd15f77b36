/// Which places of both pyramid levels show which object of an image, and how boxes are described there.
///
/// It keeps the result of the image that came last, and allocates nothing after the start.
final class DenseAssignment {
  /// How places find their objects.
  enum Rule: String, Hashable, Sendable, CaseIterable {
    /// FCOS: points inside the centre of an object, the smallest object wins; log distances to the sides in strides.
    case points
    /// ATSS: an anchor a place, objects set their own IoU threshold; deltas.
    case adaptive
  }

  /// How the box of each place is described, a level each.
  let codings: [[BoxCoding]]
  /// Index of the object that each place of each level shows; −1 for background.
  private(set) var objects: [[Int32]]
  /// Places of each level that take no part, because they lie in a crowd region and show nothing else.
  private(set) var ignored: [[Int]]
  private let points: [[Point]]
  /// One of them is there, as the rule says.
  private var byPoints: PointAssignment?
  private var byOverlap: AdaptiveAssignment?

  /// `cells` are height and width of each level's feature map.
  init(_ settings: OneStageSettings, rule: Rule, strides: [Int], cells: [(height: Int, width: Int)]) {
    let grids = zip(strides, cells).map { PlaceGrid(stride: $0, height: $1.height, width: $1.width) }
    points = grids.map { FCOSTargets.points(stride: $0.stride, height: $0.height, width: $0.width) }
    objects = grids.map { Array(repeating: -1, count: $0.count) }
    ignored = grids.map { _ in [] }
    switch rule {
    case .points:
      let far = Float.greatestFiniteMagnitude
      let ranges = [0...settings.distanceLimit, settings.distanceLimit...far]
      let rules = FCOSTargets(
        levels: zip(strides, ranges).map { .init(stride: $0, distances: $1) }, centerRadius: settings.centerRadius)
      byPoints = PointAssignment(rules, grids: grids)
      codings = zip(points, strides).map { points, stride in
        points.map { .logDistances(from: $0, unit: Float(stride)) }
      }
    case .adaptive:
      let anchors = grids.map {
        AnchorGrid(stride: $0.stride, scales: [settings.anchorScale], ratios: [1])
          .anchors(height: $0.height, width: $0.width)
      }
      byOverlap = AdaptiveAssignment(ATSSAssigner(nearest: settings.nearest), grids: grids, anchors: anchors)
      codings = anchors.map { $0.map { .deltas(.secondStage, from: $0) } }
    }
  }

  /// Finds the objects of an image's places.
  func assign(_ boxes: [BoundingBox], ignored regions: [BoundingBox]) {
    for level in objects.indices { byPoints?.assign(boxes, level: level, to: &objects[level]) }
    byOverlap?.assign(boxes, to: &objects)
    for level in objects.indices {
      ignored[level].removeAll(keepingCapacity: true)
      guard !regions.isEmpty else { continue }
      for (place, point) in points[level].enumerated() where objects[level][place] < 0 {
        if regions.contains(where: { $0.contains(point) }) { ignored[level].append(place) }
      }
    }
  }
}

extension BoundingBox {
  /// Whether a point lies inside or on the border.
  func contains(_ point: Point) -> Bool { x1 <= point.x && point.x <= x2 && y1 <= point.y && point.y <= y2 }
}
