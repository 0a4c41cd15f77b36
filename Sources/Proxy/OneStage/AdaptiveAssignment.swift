/// `ATSSAssigner` on whole feature maps with one anchor a place: looks only at the anchors near each object's centre and
/// allocates nothing.
package struct AdaptiveAssignment {
  /// An anchor near an object: how far its centre is, and where it stands.
  private struct Candidate {
    let distance: Float
    let level: Int
    let place: Int
  }

  private let assigner: ATSSAssigner
  private let grids: [PlaceGrid]
  private let anchors: [[BoundingBox]]
  /// The IoU by which each anchor has its object, by level.
  private var best: [[Float]]
  private var candidates: [Candidate] = []
  private var overlaps: [Float] = []

  /// A grid for each level, and anchors around its places.
  package init(_ assigner: ATSSAssigner, grids: [PlaceGrid], anchors: [[BoundingBox]]) {
    (self.assigner, self.grids, self.anchors) = (assigner, grids, anchors)
    best = grids.map { Array(repeating: 0, count: $0.count) }
  }

  /// Writes the index of the object that each anchor of each level shows, −1 for background.
  package mutating func assign(_ boxes: [BoundingBox], to objects: inout [[Int32]]) {
    for level in grids.indices {
      for place in objects[level].indices {
        objects[level][place] = -1
        best[level][place] = ATSSAssigner.noOverlap
      }
    }
    for (index, box) in boxes.enumerated() {
      candidates.removeAll(keepingCapacity: true)
      for level in grids.indices { addNearest(to: box, level: level) }
      overlaps.removeAll(keepingCapacity: true)
      for candidate in candidates {
        overlaps.append(OverlapMeasure.iou(anchors[candidate.level][candidate.place], box))
      }
      let threshold = ATSSAssigner.threshold(overlaps)
      for (candidate, overlap) in zip(candidates, overlaps) where overlap >= threshold {
        let (level, place) = (candidate.level, candidate.place)
        guard ATSSAssigner.isInside(anchors[level][place], box), overlap > best[level][place] else { continue }
        best[level][place] = overlap
        objects[level][place] = Int32(index)
      }
    }
  }

  /// Adds a level's candidates of one object by rising distance, then index.
  private mutating func addNearest(to box: BoundingBox, level: Int) {
    let (grid, first) = (grids[level], candidates.count)
    let center = Point(x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2)
    let near = grid.nearest(assigner.nearest, to: center)
    for row in near.rows {
      for column in near.columns {
        let place = row * grid.width + column
        let distance = ATSSAssigner.squaredDistance(anchors[level][place], box)
        let isFull = candidates.count - first == assigner.nearest
        if isFull, candidates[candidates.count - 1].distance <= distance { continue }
        if isFull { candidates.removeLast() }
        var rank = candidates.count
        while rank > first, candidates[rank - 1].distance > distance { rank -= 1 }
        candidates.insert(Candidate(distance: distance, level: level, place: place), at: rank)
      }
    }
  }
}
