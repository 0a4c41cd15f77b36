/// Polygons as masks, pixel for pixel as pycocotools rasterizes them.
///
/// The boundary is walked on a grid five times finer; where it crosses the middle of a column of pixels, the column
/// changes between outside and inside.
extension InstanceMask {
  /// Coordinates beyond this are mistakes; the boundary's length decides the time.
  package static let largestCoordinate = 1e6

  /// The pixels inside at least one of the polygons, each a list x1, y1, x2, y2 … in pixels, not closed.
  ///
  /// The size `isPossible`; each list is of even length, its numbers finite and at most `largestCoordinate` in size.
  package init(width: Int, height: Int, polygons: [[Double]]) {
    let masks = polygons.map { InstanceMask(width: width, height: height, polygon: $0) }
    self = masks.dropFirst().reduce(masks.first ?? InstanceMask(width: width, height: height) { _, _ in false }) {
      $0.union($1)
    }
  }

  private init(width: Int, height: Int, polygon: [Double]) {
    var walk = BoundaryWalk(width: width, height: height)
    let corners = stride(from: 0, to: polygon.count - 1, by: 2).map {
      (x: BoundaryWalk.fine(polygon[$0]), y: BoundaryWalk.fine(polygon[$0 + 1]))
    }
    for (index, corner) in corners.enumerated() {
      walk.edge(from: corner, to: corners[index + 1 < corners.count ? index + 1 : 0])
    }
    let places = walk.changes.sorted() + [width * height]
    let runs = zip(places, [0] + places).map { $0 - $1 }
    var counts: [Int] = []
    var isJoining = false
    for run in runs {
      // Two changes at one pixel cancel: the runs around them are one.
      if isJoining {
        counts[counts.count - 1] += run
        isJoining = false
      } else if run == 0, !counts.isEmpty {
        isJoining = true
      } else {
        counts.append(run)
      }
    }
    self.init(width: width, height: height, runs: counts)
  }
}

/// Collects where a boundary crosses the middles of pixel columns.
private struct BoundaryWalk {
  private static let fineness = 5.0
  private let width: Int
  private let height: Int
  private var last: (x: Int, y: Int)?
  /// Places x · height + y from which on a column changes between outside and inside.
  private(set) var changes: [Int] = []

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
  }

  /// The nearest point of the finer grid; rounded towards 0 after adding a half, as C does it.
  static func fine(_ coordinate: Double) -> Int { Int(fineness * coordinate + 0.5) }

  /// All points of an edge in order, one for each step along its longer side.
  mutating func edge(from start: (x: Int, y: Int), to end: (x: Int, y: Int)) {
    let (wide, high) = (abs(end.x - start.x), abs(end.y - start.y))
    guard max(wide, high) > 0 else { return }
    let isFlat = wide >= high
    // Rounding does not depend on the direction in which a side is walked.
    let isBackward = isFlat ? start.x > end.x : start.y > end.y
    let (a, b) = isBackward ? (end, start) : (start, end)
    let slope = isFlat ? Double(b.y - a.y) / Double(wide) : Double(b.x - a.x) / Double(high)
    for step in 0...max(wide, high) {
      let t = isBackward ? max(wide, high) - step : step
      visit(
        isFlat
          ? (a.x + t, Int(Double(a.y) + slope * Double(t) + 0.5))
          : (Int(Double(a.x) + slope * Double(t) + 0.5), a.y + t))
    }
  }

  private mutating func visit(_ point: (x: Int, y: Int)) {
    defer { last = point }
    guard let last, point.x != last.x else { return }
    let column = (Double(point.x < last.x ? point.x : point.x - 1) + 0.5) / Self.fineness - 0.5
    guard column.rounded(.down) == column, column >= 0, column <= Double(width - 1) else { return }
    let row = (Double(min(point.y, last.y)) + 0.5) / Self.fineness - 0.5
    changes.append(Int(column) * height + Int(min(max(row, 0), Double(height)).rounded(.up)))
  }
}
