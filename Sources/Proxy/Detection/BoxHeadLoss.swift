import Formulas
import Losses

/// The losses of the second stage: any classification formula of X, Y, Z, and boxes by a formula of U, I, E on decoded
/// boxes in pixels of the input, or by L1 or smooth L1 on encoded deltas.
///
/// Averages are mmdetection's: classification by the number of regions with a positive weight (at least 1), boxes by the
/// number of all regions. Without objects the box loss is 0. Keeps its work space; one per thread.
public final class BoxHeadLoss {
  public let losses: DetectionLosses
  /// Number of classes without the background.
  public let classes: Int
  private let classification: ClassificationTerm
  private let boxes: BoxTerm
  private let coder: DeltaCoder

  /// - Parameter coder: how the head's deltas describe a box relative to its region.
  /// - Throws: `DetectorError` when a formula does not fit its place.
  public init(_ losses: DetectionLosses, classes: Int, coder: DeltaCoder = .secondStage) throws(DetectorError) {
    (self.losses, self.classes, self.coder) = (losses, classes, coder)
    classification = try ClassificationTerm(losses.classification, classes: classes)
    boxes = try BoxTerm(losses.regression)
  }

  /// The weighted losses of the regions, row r of `outputs` being `regions[r]`; writes the
  /// gradients of those rows in full. Rows after the last region keep what they hold.
  ///
  /// - Throws: `DetectorError` when the formula's result does not fit; non-finite values are no error here.
  public func evaluate(
    _ regions: [SampledRegion], _ outputs: BoxHeadOutputs
  ) throws(DetectorError) -> (classification: Double, boxes: Double) {
    let objects = regions.indices.compactMap { row -> ObjectRow? in
      guard regions[row].label < classes, let target = regions[row].target else { return nil }
      let deltas = outputs.deltas(row: row, label: regions[row].label)
      return ObjectRow(
        row: row, label: regions[row].label,
        box: BoxRow(deltas.numbers, .deltas(coder, from: regions[row].box), target: target))
    }
    let scores = try classification.evaluate(regions, objects: objects, outputs: outputs)
    outputs.deltasGradient[..<(regions.count * 4 * outputs.boxes)].update(repeating: 0)
    let reached = try boxes.evaluate(objects.map(\.box)[...], divisor: Float(regions.count))
    for (object, gradient) in zip(objects, boxes.gradients) {
      outputs.setDeltasGradient(row: object.row, label: object.label, BoxDeltas(gradient))
    }
    return (scores, reached)
  }
}

/// A region that shows an object, with the box that its class's deltas give.
struct ObjectRow {
  let row: Int
  let label: Int
  let box: BoxRow

  /// Least IoU that Z and Q take, as in the original.
  static let leastOverlap: Float = 1e-7

  /// The IoU that feeds Z.
  var overlap: Float { max(OverlapMeasure.iou(box.decoded, box.target), Self.leastOverlap) }
}
