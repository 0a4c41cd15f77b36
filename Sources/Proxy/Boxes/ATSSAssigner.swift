/// Adaptive training sample selection (Zhang et al., 2020, algorithm 1): each ground truth sets its own IoU threshold.
public struct ATSSAssigner: Hashable, Sendable {
  /// Candidates a level and ground truth: those with the nearest centres.
  public var nearest: Int

  /// The overlap that the result holds where nothing is assigned.
  public static let noOverlap: Float = -1e8

  public init(nearest: Int = 9) {
    self.nearest = nearest
  }

  /// Matches of all anchors; `levelCounts` are the numbers of anchors a level, in order, and sum to their number.
  ///
  /// An anchor among the candidates is an object when its IoU reaches mean + standard deviation (n − 1) of the
  /// candidates' IoU and its centre lies inside the box by more than 0.01; the largest IoU wins. The rest is background.
  public func assign(_ anchors: [BoundingBox], levelCounts: [Int], groundTruths: [BoundingBox]) -> Assignment {
    var result = Assignment.allBackground(count: anchors.count)
    guard !groundTruths.isEmpty, !anchors.isEmpty else { return result }
    result.overlaps = Array(repeating: Self.noOverlap, count: anchors.count)
    for (row, box) in groundTruths.enumerated() {
      let chosen = candidates(anchors, levelCounts: levelCounts, box: box)
      let overlaps = chosen.map { OverlapMeasure.iou(anchors[$0], box) }
      let threshold = Self.threshold(overlaps)
      for (index, overlap) in zip(chosen, overlaps) where overlap >= threshold {
        guard Self.isInside(anchors[index], box), overlap > result.overlaps[index] else { continue }
        result.overlaps[index] = overlap
        result.matches[index] = .object(row)
      }
    }
    return result
  }

  private func candidates(_ anchors: [BoundingBox], levelCounts: [Int], box: BoundingBox) -> [Int] {
    var chosen: [Int] = []
    var start = 0
    for count in levelCounts {
      let distances = (start..<(start + count)).map { index in Self.squaredDistance(anchors[index], box) }
      let order = NonMaximumSuppression.order(byFalling: distances.map { -$0 })
      chosen += order.prefix(nearest).map { $0 + start }
      start += count
    }
    return chosen
  }

  /// Mean plus sample standard deviation; nan (which nothing reaches) for a single candidate.
  static func threshold(_ overlaps: [Float]) -> Float {
    let mean = overlaps.reduce(0) { $0 + Double($1) } / Double(overlaps.count)
    let squares = overlaps.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return Float(mean) + Float((squares / Double(overlaps.count - 1)).squareRoot())
  }

  static func squaredDistance(_ a: BoundingBox, _ b: BoundingBox) -> Float {
    let x = (a.x1 + a.x2) / 2 - (b.x1 + b.x2) / 2
    let y = (a.y1 + a.y2) / 2 - (b.y1 + b.y2) / 2
    return x * x + y * y
  }

  /// Whether the anchor's centre lies inside the box by more than 0.01.
  static func isInside(_ anchor: BoundingBox, _ box: BoundingBox) -> Bool {
    let (x, y) = ((anchor.x1 + anchor.x2) / 2, (anchor.y1 + anchor.y2) / 2)
    return min(min(x - box.x1, y - box.y1), min(box.x2 - x, box.y2 - y)) > 0.01
  }
}
