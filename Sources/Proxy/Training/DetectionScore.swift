/// COCO box average precision of a detector on one split; 0 where the split has nothing to detect.
public struct DetectionScore: Codable, Hashable, Sendable {
  /// Mean over IoU thresholds 0.50, 0.55 … 0.95.
  public var ap: Double
  /// At IoU 0.5.
  public var ap50: Double
  /// At IoU 0.75.
  public var ap75: Double
  /// AP (0.50 … 0.95) of each class by label; −1 where the split has no box of it.
  public var perClass: [Double]

  public init(ap: Double, ap50: Double, ap75: Double, perClass: [Double] = []) {
    (self.ap, self.ap50, self.ap75, self.perClass) = (ap, ap50, ap75, perClass)
  }
}
