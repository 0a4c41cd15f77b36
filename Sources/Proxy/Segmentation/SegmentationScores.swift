import Losses

/// The six metrics of segmentation from their counts; a class without pixels to judge it by is nan.
public struct SegmentationScores: Hashable, Sendable {
  /// By class.
  public let iou: [Double]
  public let boundaryIoU: [Double]
  public let accuracy: [Double]
  /// Share of the labelled pixels that are of the class.
  public let frequency: [Double]
  /// Nan for class 0 where the background is dropped.
  public let boundaryF1: [Double]
  /// Share of the labelled pixels that are right; nan without any.
  public let globalAccuracy: Double

  /// What keeps quotients of boundaries defined. Source: Auto Seg-Loss.
  private static let epsilon = 1e-8

  public init(_ counts: SegmentationCounts, dropsBackground: Bool) {
    let classes = 0..<counts.classes
    let diagonal = classes.map { counts.confusion[$0 * counts.classes + $0] }
    let labelled = Self.rowSums(counts.confusion, counts.classes)
    let total = Double(labelled.reduce(0, +))
    iou = Self.overlap(counts.confusion, counts.classes)
    boundaryIoU = Self.overlap(counts.boundaryConfusion, counts.classes)
    accuracy = classes.map { Double(diagonal[$0]) / Double(labelled[$0]) }
    frequency = labelled.map { Double($0) / total }
    globalAccuracy = Double(diagonal.reduce(0, +)) / total
    boundaryF1 = classes.map { label in
      if dropsBackground, label == 0 { return .nan }
      let precision = Double(counts.predictedMatches[label]) / (Double(counts.predictedBoundary[label]) + Self.epsilon)
      let recall = Double(counts.labelMatches[label]) / Double(counts.labelBoundary[label])
      return 2 * precision * recall / (precision + recall + Self.epsilon)
    }
  }

  /// The metric over all classes: their mean without the nan ones; frequency · IoU summed; all pixels (gAcc). Nan where nothing
  /// is labelled; BF1 without any boundary is 0, as in the original.
  public subscript(_ metric: SegmentationMetric) -> Double {
    switch metric {
    case .meanIoU: Self.mean(iou)
    case .frequencyWeightedIoU:
      globalAccuracy.isNaN ? .nan : zip(frequency, iou).reduce(0) { $1.1.isNaN ? $0 : $0 + $1.0 * $1.1 }
    case .meanAccuracy: Self.mean(accuracy)
    case .globalAccuracy: globalAccuracy
    case .boundaryIoU: Self.mean(boundaryIoU)
    case .boundaryF1: boundaryF1.allSatisfy(\.isNaN) ? 0 : Self.mean(boundaryF1)
    }
  }

  private static func mean(_ values: [Double]) -> Double {
    let defined = values.filter { !$0.isNaN }
    return defined.reduce(0, +) / Double(defined.count)
  }

  private static func rowSums(_ confusion: [Int], _ classes: Int) -> [Int] {
    (0..<classes).map { confusion[($0 * classes)..<(($0 + 1) * classes)].reduce(0, +) }
  }

  private static func overlap(_ confusion: [Int], _ classes: Int) -> [Double] {
    let labelled = rowSums(confusion, classes)
    return (0..<classes).map { label in
      let both = confusion[label * classes + label]
      let predicted = (0..<classes).reduce(0) { $0 + confusion[$1 * classes + label] }
      return Double(both) / Double(labelled[label] + predicted - both)
    }
  }
}
