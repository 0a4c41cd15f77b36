import Formulas
import Losses
import Networks

/// The losses of a one-stage head: any classification formula of X, Q, PY, NY, boxes weighed by their IoU, and a
/// centerness branch trained towards that IoU, as the authors of CSE-Autoloss do.
///
/// Q is the IoU of the decoded box with its target (detached). Averages are those of the two originals: see
/// `Averaging`. Keeps its work space; one per thread.
package final class DenseHeadLoss {
  /// What the sums over the places are divided by. P: places that show an object; ΣIoU: the sum of their weights.
  package enum Averaging: String, Hashable, Sendable, Codable, CaseIterable {
    /// FCOS: classification by P + images, boxes by ΣIoU, centerness by P (at least 1).
    case positivesAndImages
    /// ATSS: classification and centerness by P (at least 1), boxes by ΣIoU.
    case positives
  }

  /// The three weighted losses.
  package struct Summary {
    package var classification = 0.0
    package var boxes = 0.0
    package var centerness = 0.0
  }

  private let classification: BinaryClassLoss
  private let boxes: BoxTerm
  private let averaging: Averaging
  /// The places that show an object, level after level, and their IoU.
  private var rows: [BoxRow] = []
  private var overlaps: [Float] = []

  /// - Parameter collapsesBoxWeights: the originals' quirk: a weight of one axis collapses to its mean, over all levels
  ///   together in FCOS and within each level in ATSS, so that boxes are not weighed by their IoU.
  /// - Throws: `DetectorError` when a formula does not fit its place.
  package init(_ losses: DetectionLosses, averaging: Averaging, collapsesBoxWeights: Bool = false)
    throws(DetectorError)
  {
    self.averaging = averaging
    let loss = losses.classification
    guard loss.mode == .binaryClass else {
      throw .loss(place: "classification", problem: "a one-stage detector takes BINARY_CLS, not \(loss.mode.rawValue)")
    }
    classification = try DetectorError.naming("classification") {
      guard try loss.formula.shape(in: .binaryClass) == .perElement else {
        throw DetectorError.loss(place: "classification", problem: "\(loss.formula) gives no number for each class")
      }
      return try BinaryClassLoss(loss.formula, lossWeight: loss.weight, alpha: loss.alpha)
    }
    boxes = try BoxTerm(losses.regression, weighting: collapsesBoxWeights ? .originalModule : .perBox)
  }

  /// The losses of a batch of `images`, a pair of outputs and targets for each pyramid level; writes all gradients in full.
  /// - Throws: `DetectorError` when a formula's result does not fit; non-finite values are no error here.
  package func evaluate(_ levels: [(outputs: DenseOutputs, targets: DenseTargets)], images: Int)
    throws(DetectorError) -> Summary
  {
    rows.removeAll(keepingCapacity: true)
    overlaps.removeAll(keepingCapacity: true)
    for (outputs, targets) in levels {
      for positive in targets.positives {
        let row = BoxRow(outputs.numbers(row: positive.row), positive.coding, target: positive.target)
        rows.append(row)
        overlaps.append(max(OverlapMeasure.iou(row.decoded, row.target), ObjectRow.leastOverlap))
      }
    }
    let count = rows.count
    let divisor =
      switch averaging {
      case .positivesAndImages: Float(count + images)
      case .positives: Float(max(count, 1))
      }
    var summary = Summary()
    var start = 0
    for (outputs, targets) in levels {
      let quality = overlaps[start..<(start + targets.positives.count)]
      start += targets.positives.count
      summary.classification += try classify(outputs, targets, quality: quality, divisor: divisor)
      summary.centerness += Self.center(outputs, targets, quality: quality, divisor: Float(max(count, 1)))
      outputs.boxesGradient.update(repeating: 0)
    }
    guard count > 0 else { return summary }
    summary.boxes = try boxLoss(levels)
    return summary
  }

  /// The box loss of all levels together, or level by level where the original has its quirk there.
  private func boxLoss(_ levels: [(outputs: DenseOutputs, targets: DenseTargets)]) throws(DetectorError) -> Double {
    let total = overlaps.reduce(0, +)
    var start = 0
    switch averaging {
    case .positivesAndImages:
      let loss = try boxes.evaluate(rows[...], weights: overlaps[...], divisor: total)
      for (outputs, targets) in levels {
        write(boxes.gradients[start..<(start + targets.positives.count)], to: outputs, targets)
        start += targets.positives.count
      }
      return loss
    case .positives:
      var loss = 0.0
      for (outputs, targets) in levels {
        let range = start..<(start + targets.positives.count)
        loss += try boxes.evaluate(rows[range], weights: overlaps[range], divisor: total)
        write(boxes.gradients[...], to: outputs, targets)
        start = range.upperBound
      }
      return loss
    }
  }

  private func classify(_ outputs: DenseOutputs, _ targets: DenseTargets, quality: ArraySlice<Float>, divisor: Float)
    throws(DetectorError) -> Double
  {
    do {
      return try targets.labels.withUnsafeBufferPointer { labels in
        try quality.withUnsafeBufferPointer { quality in
          try targets.weights.withUnsafeBufferPointer { weights in
            let batch = ClassificationBatch(
              logits: UnsafeBufferPointer(outputs.logits), labels: labels, classes: outputs.classes,
              positiveIoUs: quality, weights: weights.isEmpty ? nil : weights, averageFactor: divisor)
            return Double(try classification.evaluate(batch, gradient: outputs.logitsGradient.baseAddress).total)
          }
        }
      }
    } catch {
      throw .loss(place: "classification", problem: "\(error)")
    }
  }

  /// Binary cross entropy of the centerness logits of the objects with their IoU.
  private static func center(
    _ outputs: DenseOutputs, _ targets: DenseTargets, quality: ArraySlice<Float>, divisor: Float
  )
    -> Double
  {
    outputs.centernessGradient.update(repeating: 0)
    var sum = 0.0
    for (positive, wanted) in zip(targets.positives, quality) {
      let logit = outputs.centerness[positive.row]
      sum += Double(BinaryCrossEntropy.value(logit, target: wanted))
      outputs.centernessGradient[positive.row] = BinaryCrossEntropy.slope(logit, target: wanted) / divisor
    }
    return sum / Double(divisor)
  }

  /// Writes the gradients of one level's objects.
  private func write(_ gradients: ArraySlice<SIMD4<Float>>, to outputs: DenseOutputs, _ targets: DenseTargets) {
    for (positive, gradient) in zip(targets.positives, gradients) {
      outputs.setBoxGradient(row: positive.row, gradient)
    }
  }
}
