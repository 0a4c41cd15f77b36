/// COCO average precision of a detector on one split, of boxes unless said otherwise; 0 where the split has nothing to detect.
public struct DetectionScore: Codable, Hashable, Sendable {
  /// Mean over IoU thresholds 0.50, 0.55 … 0.95.
  public var ap: Double
  /// At IoU 0.5.
  public var ap50: Double
  /// At IoU 0.75.
  public var ap75: Double
  /// AP (0.50 … 0.95) of each class by label; −1 where the split has no box of it.
  public var perClass: [Double]
  /// Of masks, where the detector finds them.
  public var masks: MaskScore?

  public init(ap: Double, ap50: Double, ap75: Double, perClass: [Double] = [], masks: MaskScore? = nil) {
    (self.ap, self.ap50, self.ap75, self.perClass) = (ap, ap50, ap75, perClass)
    self.masks = masks
  }
}

/// COCO mask average precision of a detector on one split; 0 where the split has nothing to detect.
public struct MaskScore: Codable, Hashable, Sendable {
  /// Mean over IoU thresholds 0.50, 0.55 … 0.95.
  public var ap: Double
  /// At IoU 0.5.
  public var ap50: Double
  /// At IoU 0.75.
  public var ap75: Double

  public init(ap: Double, ap50: Double, ap75: Double) {
    (self.ap, self.ap50, self.ap75) = (ap, ap50, ap75)
  }

  /// Of an evaluation that compared masks.
  public init(_ result: COCOResult) {
    self.init(ap: max(result.ap, 0), ap50: max(result.ap50, 0), ap75: max(result.ap75, 0))
  }
}

extension DetectionScore {
  /// Of the detections of every image of the data, in pixels of the input.
  public init(_ detections: [[Detection]], on data: DetectionDataset, by kind: DetectorKind) {
    self.init(COCOEvaluation.evaluate(dataset: data, detections: detections), categoryIDs: data.categoryIDs)
    guard kind.findsMasks else { return }
    masks = MaskScore(COCOEvaluation.evaluate(dataset: data, detections: detections, comparing: .masks))
  }

  /// Of an evaluation on a data set; what pycocotools reports as −1 (nothing to detect) becomes 0 in the three means.
  public init(_ result: COCOResult, categoryIDs: [Int]) {
    let byCategory = Dictionary(
      result.perClass.map { ($0.category.id, $0.ap) }, uniquingKeysWith: { first, _ in first })
    self.init(
      ap: max(result.ap, 0), ap50: max(result.ap50, 0), ap75: max(result.ap75, 0),
      perClass: categoryIDs.map { byCategory[$0] ?? -1 })
  }
}
