/// Greedy matching of one class in one image, as pycocotools does it, for all area ranges and IoU thresholds.
///
/// Detections in descending score; each takes the free ground truth with the largest IoU at or above the threshold;
/// counted ground truths go before ignored ones (crowds, other sizes); a crowd may be matched again and again.
struct COCOMatching {
  /// Whether and how a detection counts at one threshold in one area range.
  enum Outcome: UInt8 { case falsePositive, truePositive, ignored }

  /// Scores in descending order, at most `maxDetections`.
  let scores: [Double]
  /// `outcomes[(area * thresholds + threshold) * scores.count + detection]`.
  let outcomes: [Outcome]
  /// Ground truths that count, for each area range.
  let countedGroundTruths: [Int]

  /// Limits on COCO's `area`, both ends included: all, small, medium, large.
  static let areaRanges: [(low: Double, high: Double)] = [(0, 1e10), (0, 1024), (1024, 9216), (9216, 1e10)]

  /// A ground truth that a detection overlaps enough for the lowest threshold.
  private struct Overlap {
    let groundTruth: Int
    let iou: Double
  }

  init(groundTruths: [GroundTruthBox], detections: [ScoredBox], comparing kind: OverlapKind, maxDetections: Int) {
    let order = detections.indices.sorted {
      detections[$0].score != detections[$1].score ? detections[$0].score > detections[$1].score : $0 < $1
    }
    let kept = order.prefix(maxDetections).map { detections[$0] }
    let overlaps = Self.overlaps(of: kept, with: groundTruths, kind)
    let thresholds = COCOResult.iouThresholds
    var outcomes: [Outcome] = []
    outcomes.reserveCapacity(Self.areaRanges.count * thresholds.count * kept.count)
    var counted: [Int] = []
    for range in Self.areaRanges {
      let ignored = groundTruths.map { $0.isCrowd || $0.area < range.low || $0.area > range.high }
      counted.append(ignored.count { !$0 })
      let outside = kept.map { $0.area < range.low || $0.area > range.high }
      for threshold in thresholds {
        outcomes += Self.match(
          overlaps: overlaps, groundTruths: groundTruths, ignored: ignored, outside: outside, threshold: threshold)
      }
    }
    scores = kept.map(\.score)
    self.outcomes = outcomes
    countedGroundTruths = counted
  }

  private static func match(
    overlaps: [[Overlap]], groundTruths: [GroundTruthBox], ignored: [Bool], outside: [Bool], threshold: Double
  ) -> [Outcome] {
    var taken = [Bool](repeating: false, count: groundTruths.count)
    return overlaps.indices.map { detection in
      let best =
        bestFree(overlaps[detection], threshold, wanting: false, ignored, taken, groundTruths)
        ?? bestFree(overlaps[detection], threshold, wanting: true, ignored, taken, groundTruths)
      guard let best else { return outside[detection] ? .ignored : .falsePositive }
      taken[best] = true
      return ignored[best] ? .ignored : .truePositive
    }
  }

  /// The ground truth of the largest IoU (the last one of equals) among those that are free and counted, or ignored.
  private static func bestFree(
    _ overlaps: [Overlap], _ threshold: Double, wanting wantsIgnored: Bool, _ ignored: [Bool], _ taken: [Bool],
    _ groundTruths: [GroundTruthBox]
  ) -> Int? {
    var limit = min(threshold, 1 - 1e-10)
    var best: Int?
    for overlap in overlaps {
      let index = overlap.groundTruth
      guard ignored[index] == wantsIgnored, !taken[index] || groundTruths[index].isCrowd, overlap.iou >= limit else {
        continue
      }
      limit = overlap.iou
      best = index
    }
    return best
  }

  private static func overlaps(
    of detections: [ScoredBox], with groundTruths: [GroundTruthBox], _ kind: OverlapKind
  ) -> [[Overlap]] {
    switch kind {
    case .boxes: detections.map { overlaps(of: $0, with: groundTruths) }
    case .masks:
      maskOverlaps(
        of: detections.map { $0.mask.map(MeasuredMask.init) },
        with: groundTruths.map { truth in truth.mask.map { (MeasuredMask($0), truth.isCrowd) } })
    }
  }

  private static func maskOverlaps(
    of detections: [MeasuredMask?], with groundTruths: [(mask: MeasuredMask, isCrowd: Bool)?]
  ) -> [[Overlap]] {
    detections.map { detection in
      groundTruths.indices.compactMap { index in
        guard let detection, let truth = groundTruths[index] else { return nil }
        let iou = detection.overlap(with: truth.mask, isCrowd: truth.isCrowd)
        return iou >= COCOResult.iouThresholds[0] ? Overlap(groundTruth: index, iou: iou) : nil
      }
    }
  }

  private static func overlaps(of detection: ScoredBox, with groundTruths: [GroundTruthBox]) -> [Overlap] {
    let lowest = COCOResult.iouThresholds[0]
    return groundTruths.indices.compactMap { index in
      let iou = intersectionOverUnion(detection.box, groundTruths[index].box, isCrowd: groundTruths[index].isCrowd)
      return iou >= lowest ? Overlap(groundTruth: index, iou: iou) : nil
    }
  }

  /// IoU in Double; against a crowd the share of the detection that lies in it.
  static func intersectionOverUnion(_ detection: AnnotatedBox, _ truth: AnnotatedBox, isCrowd: Bool) -> Double {
    let width = min(detection.x + detection.width, truth.x + truth.width) - max(detection.x, truth.x)
    guard width > 0 else { return 0 }
    let height = min(detection.y + detection.height, truth.y + truth.height) - max(detection.y, truth.y)
    guard height > 0 else { return 0 }
    let intersection = width * height
    return intersection / (isCrowd ? detection.area : detection.area + truth.area - intersection)
  }
}
