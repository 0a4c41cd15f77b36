/// Matches candidates to ground truths by their largest IoU (Faster R-CNN's rule, with its low-quality matches).
public struct MaxIoUAssigner: Hashable, Sendable {
  /// An IoU of at least this makes an object.
  public var positiveThreshold: Float
  /// An IoU below this makes background; in between a candidate is ignored.
  public var negativeThreshold: Float
  /// A ground truth's best candidates become objects from this IoU on, when `matchLowQuality` is set.
  public var minimumPositive: Float
  public var matchLowQuality: Bool
  /// Candidates that lie in an ignored region by more than this share of their own area are ignored; nil: never.
  public var ignoreThreshold: Float?

  public init(
    positiveThreshold: Float, negativeThreshold: Float, minimumPositive: Float, matchLowQuality: Bool,
    ignoreThreshold: Float? = nil
  ) {
    (self.positiveThreshold, self.negativeThreshold) = (positiveThreshold, negativeThreshold)
    (self.minimumPositive, self.matchLowQuality) = (minimumPositive, matchLowQuality)
    self.ignoreThreshold = ignoreThreshold
  }

  /// The rule of region proposal networks: 0.7, 0.3, low-quality matches from 0.3.
  public static let proposals = MaxIoUAssigner(
    positiveThreshold: 0.7, negativeThreshold: 0.3, minimumPositive: 0.3, matchLowQuality: true)
  /// The rule of the second stage: 0.5, nothing ignored.
  public static let secondStage = MaxIoUAssigner(
    positiveThreshold: 0.5, negativeThreshold: 0.5, minimumPositive: 0.5, matchLowQuality: false)

  /// Matches of all candidates. `ignored` are regions such as crowds, which hold unlabelled objects.
  ///
  /// Overlaps in the result: largest IoU, 0 without ground truths, −1 in an ignored region (where mmdetection forgets them
  /// in a picture without ground truths, and calls everything background). Of equal overlaps the first
  /// ground truth wins; of low-quality matches on one candidate the last.
  public func assign(
    _ candidates: [BoundingBox], groundTruths: [BoundingBox], ignored: [BoundingBox] = []
  ) -> Assignment {
    var result = Assignment.allBackground(count: candidates.count)
    let isExcluded = exclusions(of: candidates, ignored: ignored)
    guard !groundTruths.isEmpty else {
      for (index, excluded) in isExcluded.enumerated() where excluded {
        (result.matches[index], result.overlaps[index]) = (.ignored, -1)
      }
      return result
    }
    var rows = OverlapMeasure.iou.pairwise(groundTruths, candidates)
    if !ignored.isEmpty {
      for (index, excluded) in isExcluded.enumerated() where excluded {
        for row in groundTruths.indices { rows[row * candidates.count + index] = -1 }
      }
    }
    for index in candidates.indices {
      var (best, bestRow) = (rows[index], 0)
      for row in groundTruths.indices where rows[row * candidates.count + index] > best {
        (best, bestRow) = (rows[row * candidates.count + index], row)
      }
      result.overlaps[index] = best
      result.matches[index] = match(overlap: best, row: bestRow)
    }
    if matchLowQuality { addLowQuality(rows, candidates: candidates.count, count: groundTruths.count, to: &result) }
    return result
  }

  private func match(overlap: Float, row: Int) -> Match {
    if overlap >= positiveThreshold { return .object(row) }
    return overlap >= 0 && overlap < negativeThreshold ? .background : .ignored
  }

  private func exclusions(of candidates: [BoundingBox], ignored: [BoundingBox]) -> [Bool] {
    guard let ignoreThreshold, !ignored.isEmpty else { return Array(repeating: false, count: candidates.count) }
    return candidates.map { box in ignored.contains { OverlapMeasure.iof(box, $0) > ignoreThreshold } }
  }

  private func addLowQuality(_ rows: [Float], candidates: Int, count: Int, to result: inout Assignment) {
    for row in 0..<count {
      let overlaps = rows[(row * candidates)..<((row + 1) * candidates)]
      guard let best = overlaps.max(), best >= minimumPositive else { continue }
      for (index, overlap) in overlaps.enumerated() where overlap == best { result.matches[index] = .object(row) }
    }
  }
}
