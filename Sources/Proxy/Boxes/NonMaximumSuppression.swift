/// Greedy non-maximum suppression: of boxes that overlap by more than a threshold only the best scored stays.
///
/// Order: falling score, ties by rising index (stable). A box is suppressed when its plain IoU with a kept box is
/// strictly above the threshold.
public enum NonMaximumSuppression {
  /// Indices of the kept boxes, best first, at most `limit` of them. Scores and boxes have the same length.
  public static func keep(
    _ boxes: [BoundingBox], scores: [Float], threshold: Float, limit: Int = .max
  ) -> [Int] {
    keep(boxes, scores: scores, groups: nil, threshold: threshold, limit: limit)
  }

  /// As `keep`, but boxes of different groups (classes, pyramid levels, images) never suppress each other.
  public static func keepBatched(
    _ boxes: [BoundingBox], scores: [Float], groups: [Int], threshold: Float, limit: Int = .max
  ) -> [Int] {
    keep(boxes, scores: scores, groups: groups, threshold: threshold, limit: limit)
  }

  /// Indices in falling order of score; equal scores stay in their order.
  public static func order(byFalling scores: [Float]) -> [Int] {
    scores.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
  }

  private static func keep(
    _ boxes: [BoundingBox], scores: [Float], groups: [Int]?, threshold: Float, limit: Int
  ) -> [Int] {
    var kept: [Int] = []
    candidates: for candidate in order(byFalling: scores) {
      if kept.count >= limit { break }
      for better in kept where groups.map({ $0[better] == $0[candidate] }) ?? true {
        if OverlapMeasure.iou(boxes[better], boxes[candidate], guardedBy: 0) > threshold { continue candidates }
      }
      kept.append(candidate)
    }
    return kept
  }
}
