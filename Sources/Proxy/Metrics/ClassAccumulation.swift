/// Precision and recall of one class over all images, from the matchings of each image.
///
/// Nil-like values are −1: a class without counted ground truth in an area range has neither.
struct ClassAccumulation {
  /// `precision[(area * 10 + threshold)]`: 101 values, or empty without ground truth; with 100 detections an image.
  let precision: [[Double]]
  /// `recall[(limit * 4 + area) * 10 + threshold]`; limits 1, 10, 100.
  let recall: [Double]

  init(matchings: [COCOMatching]) {
    let areas = COCOMatching.areaRanges.count
    let thresholds = COCOResult.iouThresholds.count
    var precision = [[Double]](repeating: [], count: areas * thresholds)
    var recall: [Double] = []
    for limit in COCOEvaluation.detectionLimits {
      let ranking = Self.ranking(matchings, limit: limit)
      for area in 0..<areas {
        let counted = matchings.reduce(0) { $0 + $1.countedGroundTruths[area] }
        for threshold in 0..<thresholds {
          guard counted > 0 else {
            recall.append(-1)
            continue
          }
          let row = area * thresholds + threshold
          guard limit == COCOEvaluation.detectionLimits.last else {
            let found = ranking.count {
              matchings[$0.matching].outcome(row: row, detection: $0.detection) == .truePositive
            }
            recall.append(Double(found) / Double(counted))
            continue
          }
          let curve = PrecisionRecallCurve(
            outcomes: ranking.lazy.map { matchings[$0.matching].outcome(row: row, detection: $0.detection) },
            groundTruths: counted)
          recall.append(curve.finalRecall)
          precision[row] = curve.envelope()
        }
      }
    }
    self.precision = precision
    self.recall = recall
  }

  private struct Ranked {
    let score: Double
    let matching: Int
    let detection: Int
  }

  /// All detections within the limit in descending score; ties by image, then by rank inside the image.
  private static func ranking(_ matchings: [COCOMatching], limit: Int) -> [Ranked] {
    var ranked: [Ranked] = []
    for (index, matching) in matchings.enumerated() {
      for (detection, score) in matching.scores.prefix(limit).enumerated() {
        ranked.append(Ranked(score: score, matching: index, detection: detection))
      }
    }
    return ranked.sorted {
      $0.score != $1.score
        ? $0.score > $1.score : ($0.matching, $0.detection) < ($1.matching, $1.detection)
    }
  }
}

extension COCOMatching {
  /// How one kept detection counts in one (area range, threshold) row.
  func outcome(row: Int, detection: Int) -> Outcome { outcomes[row * scores.count + detection] }
}

/// Recall and precision after each detection that counts.
struct PrecisionRecallCurve {
  private var recalls: [Double] = []
  private var precisions: [Double] = []

  init(outcomes: some Sequence<COCOMatching.Outcome>, groundTruths: Int) {
    var truePositives = 0
    var falsePositives = 0
    for outcome in outcomes {
      switch outcome {
      case .truePositive: truePositives += 1
      case .falsePositive: falsePositives += 1
      case .ignored: break
      }
      recalls.append(Double(truePositives) / Double(groundTruths))
      precisions.append(Double(truePositives) / (Double(truePositives + falsePositives) + Double.ulpOfOne))
    }
  }

  /// 0 without detections.
  var finalRecall: Double { recalls.last ?? 0 }

  /// The largest precision at or beyond each of the 101 recalls; 0 beyond the last.
  func envelope() -> [Double] {
    var running = precisions
    for index in running.indices.dropLast().reversed() { running[index] = max(running[index], running[index + 1]) }
    var position = 0
    return COCOResult.recallThresholds.map { threshold in
      while position < recalls.count && recalls[position] < threshold { position += 1 }
      return position < running.count ? running[position] : 0
    }
  }
}
