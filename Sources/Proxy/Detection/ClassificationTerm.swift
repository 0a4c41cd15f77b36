import Formulas
import Losses

/// The classification loss of the second stage: X logits, Y one-hot labels, Z IoU of the decoded box with its target.
final class ClassificationTerm {
  private let loss: MultiClassLoss
  /// Classes and background.
  private let columns: Int

  init(_ loss: ClassificationLoss, classes: Int) throws(DetectorError) {
    columns = classes + 1
    guard loss.mode == .multiClass else {
      throw .loss(place: "classification", problem: "the two-stage detector takes MULTI_CLS, not \(loss.mode.rawValue)")
    }
    self.loss = try DetectorError.naming("classification") {
      guard try loss.formula.shape(in: .multiClass) == .perSample else {
        throw DetectorError.loss(
          place: "classification", problem: "\(loss.formula) gives no number a region; sum over the classes with Dot")
      }
      return try MultiClassLoss(loss.formula, lossWeight: loss.weight)
    }
  }

  /// The weighted mean over the regions of positive weight (at least 1); writes the logits' gradient of all regions.
  func evaluate(
    _ regions: [SampledRegion], objects: [ObjectRow], outputs: BoxHeadOutputs
  ) throws(DetectorError) -> Double {
    let labels = regions.map { Int32($0.label) }
    let overlaps = objects.map(\.overlap)
    let weights = regions.map(\.weight)
    let counted = weights.count { $0 > 0 }
    let logits = UnsafeBufferPointer(rebasing: outputs.logits[..<(regions.count * columns)])
    do {
      return try labels.withUnsafeBufferPointer { labels in
        try overlaps.withUnsafeBufferPointer { overlaps in
          try weights.withUnsafeBufferPointer { weights in
            let batch = ClassificationBatch(
              logits: logits, labels: labels, classes: columns, positiveIoUs: overlaps, weights: weights,
              averageFactor: Float(max(counted, 1)))
            return Double(try loss.evaluate(batch, gradient: outputs.logitsGradient.baseAddress).total)
          }
        }
      }
    } catch {
      throw .loss(place: "classification", problem: "\(error)")
    }
  }
}
