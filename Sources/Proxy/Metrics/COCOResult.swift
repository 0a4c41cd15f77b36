/// The outcome of a COCO evaluation; −1 stands wherever there is nothing to average, as in pycocotools.
public struct COCOResult: Hashable, Sendable {
  /// The order of `stats`, which is pycocotools' order.
  public static let statNames = [
    "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl",
  ]
  /// 0.50, 0.55 … 0.95, rounded as NumPy's linspace rounds them: the last digit decides at ties.
  public static let iouThresholds = evenlySpaced(from: 0.5, through: 0.95, count: 10)
  /// 0.00, 0.01 … 1.00, rounded likewise.
  public static let recallThresholds = evenlySpaced(from: 0, through: 1, count: 101)

  /// The numbers of one class.
  public struct ClassResult: Hashable, Sendable {
    public let category: COCOCategory
    public let ap: Double
    public let ap50: Double
    public let ap75: Double
    public let apSmall: Double
    public let apMedium: Double
    public let apLarge: Double
    public let ar100: Double
    /// Precision envelopes over all areas with 100 detections: 10 IoU thresholds × 101 recalls; empty when the class
    /// has no ground truth.
    public let precision: [[Double]]
    /// The recall reached at each of the 10 IoU thresholds; −1 when the class has no ground truth.
    public let recall: [Double]
  }

  /// The 12 numbers.
  public let stats: [Double]
  /// In ascending order of category id.
  public let perClass: [ClassResult]

  private static func evenlySpaced(from start: Double, through stop: Double, count: Int) -> [Double] {
    let step = (stop - start) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? stop : Double($0) * step + start }
  }

  public var ap: Double { stats[0] }
  public var ap50: Double { stats[1] }
  public var ap75: Double { stats[2] }
}
