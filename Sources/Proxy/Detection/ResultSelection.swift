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

  /// Adds what one region shows: `logits` are its classes + 1 logits, `deltas` its 4 · classes deltas.
  func add(
    _ region: BoundingBox, logits: UnsafeBufferPointer<Float>, deltas: UnsafeBufferPointer<Float>, area: ImageArea,
    to candidates: inout Candidates
  ) {
    let largest = logits.max() ?? 0
    let total = logits.reduce(Float(0)) { $0 + expf($1 - largest) }
    for label in 0..<classes {
      let score = expf(logits[label] - largest) / total
      guard score > settings.scoreThreshold else { continue }
      let d = BoxDeltas(
        dx: deltas[4 * label], dy: deltas[4 * label + 1], dw: deltas[4 * label + 2], dh: deltas[4 * label + 3])
      candidates.boxes.append(DeltaCoder.secondStage.decode(d, anchor: region, clippedTo: area))
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
