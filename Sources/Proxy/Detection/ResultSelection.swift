import Foundation

/// From the second stage's outputs to detections: softmax, class-wise boxes, threshold, suppression within a class.
struct ResultSelection {
  let settings: ResultSettings
  /// Number of classes without the background.
  let classes: Int

  /// Boxes of one image that passed the score threshold and wait for suppression.
  struct Candidates {
    var boxes: [BoundingBox] = []
    var scores: [Float] = []
    var labels: [Int] = []
  }

  /// Adds what one region shows: `logits` are its classes + 1 logits, `box` gives the box of a class.
  func add(_ logits: [Float], area: ImageArea, to candidates: inout Candidates, box: (_ label: Int) -> BoundingBox) {
    let largest = logits.max() ?? 0
    let total = logits.reduce(Float(0)) { $0 + expf($1 - largest) }
    for label in 0..<classes {
      let score = expf(logits[label] - largest) / total
      guard score > settings.scoreThreshold else { continue }
      candidates.boxes.append(area.clip(box(label)))
      candidates.scores.append(score)
      candidates.labels.append(label)
    }
  }

  /// The detections of one image, best first.
  func detections(_ candidates: Candidates) -> [Detection] {
    let kept = NonMaximumSuppression.keepBatched(
      candidates.boxes, scores: candidates.scores, groups: candidates.labels,
      threshold: settings.suppressionThreshold, limit: settings.limit)
    return kept.map {
      Detection(box: candidates.boxes[$0], label: candidates.labels[$0], score: candidates.scores[$0])
    }
  }
}
