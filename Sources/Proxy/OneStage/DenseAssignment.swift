/// Which places of both pyramid levels show which object of an image, and how boxes are described there.
final class DenseAssignment {
  /// How places find their objects.
  enum Rule: String, Hashable, Sendable, CaseIterable {
    /// FCOS: points inside the centre of an object, the smallest object wins; log distances to the sides in strides.
    case points
    /// ATSS: an anchor a place, objects set their own IoU threshold; deltas.
    case adaptive
  }

  /// The targets of one image at one level.
  struct ImageTargets {
    /// Index of the object that each place shows; −1 for background.
    var objects: [Int]
    /// Places that take no part, because they lie in a crowd region and show nothing else.
    var ignored: [Int]
  }

  /// How the box of each place is described, a level each.
  let codings: [[BoxCoding]]
  private let points: [[Point]]
  private let rule: Rule
  private let distances: FCOSTargets
  private let adaptive: ATSSAssigner
  private let anchors: [BoundingBox]
  private var known: [Scene: [ImageTargets]] = [:]

  private struct Scene: Hashable {
    let boxes: [BoundingBox]
    let ignored: [BoundingBox]
  }

  /// Images remembered; then all are forgotten.
  private static let capacity = 2000

  /// `cells` are height and width of each level's feature map.
  init(_ settings: OneStageSettings, rule: Rule, strides: [Int], cells: [(height: Int, width: Int)]) {
    self.rule = rule
    let far = Float.greatestFiniteMagnitude
    let ranges = [0...settings.distanceLimit, settings.distanceLimit...far]
    distances = FCOSTargets(
      levels: zip(strides, ranges).map { .init(stride: $0, distances: $1) }, centerRadius: settings.centerRadius)
    adaptive = ATSSAssigner(nearest: settings.nearest)
    points = zip(strides, cells).map { FCOSTargets.points(stride: $0, height: $1.height, width: $1.width) }
    let grids = zip(strides, cells).map {
      AnchorGrid(stride: $0, scales: [settings.anchorScale], ratios: [1]).anchors(height: $1.height, width: $1.width)
    }
    anchors = grids.flatMap { $0 }
    codings =
      switch rule {
      case .points:
        zip(points, strides).map { points, stride in points.map { .logDistances(from: $0, unit: Float(stride)) } }
      case .adaptive: grids.map { $0.map { .deltas(.secondStage, from: $0) } }
      }
  }

  /// The targets of an image, a level each. Boxes and crowd regions decide alone, so remembered ones equal fresh ones.
  func targets(_ boxes: [BoundingBox], ignored: [BoundingBox]) -> [ImageTargets] {
    let scene = Scene(boxes: boxes, ignored: ignored)
    if let targets = known[scene] { return targets }
    let objects =
      switch rule {
      case .points: byPoints(boxes)
      case .adaptive: byOverlap(boxes)
      }
    let targets = zip(objects, points).map { objects, points in
      ImageTargets(
        objects: objects,
        ignored: ignored.isEmpty
          ? []
          : objects.indices.filter { place in objects[place] < 0 && ignored.contains { $0.contains(points[place]) } })
    }
    if known.count >= Self.capacity { known.removeAll() }
    known[scene] = targets
    return targets
  }

  private func byPoints(_ boxes: [BoundingBox]) -> [[Int]] {
    zip(distances.levels, points).map { level, points in
      distances.targets(level: level, points: points, groundTruths: boxes).map { $0.groundTruth ?? -1 }
    }
  }

  private func byOverlap(_ boxes: [BoundingBox]) -> [[Int]] {
    let counts = points.map(\.count)
    let found = adaptive.assign(anchors, levelCounts: counts, groundTruths: boxes).matches.map { $0.groundTruth ?? -1 }
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Array(found[start..<(start + count)])
    }
  }
}

extension BoundingBox {
  /// Whether a point lies inside or on the border.
  func contains(_ point: Point) -> Bool { x1 <= point.x && point.x <= x2 && y1 <= point.y && point.y <= y2 }
}
