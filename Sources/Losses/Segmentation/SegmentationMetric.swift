import Formulas

/// The metrics of Auto Seg-Loss that segmentation is scored with; each has a surrogate loss.
public enum SegmentationMetric: String, CaseIterable, Hashable, Sendable, Codable {
  /// Intersection over union, mean over the classes.
  case meanIoU = "mIoU"
  /// Intersection over union, weighted by how frequent a class is.
  case frequencyWeightedIoU = "FWIoU"
  /// Share of a class's pixels that are found, mean over the classes.
  case meanAccuracy = "mAcc"
  /// Share of all pixels that are right.
  case globalAccuracy = "gAcc"
  /// Mean intersection over union of the pixels near a boundary of the labels.
  case boundaryIoU = "BIoU"
  /// F1 score of the boundaries within a tolerance, mean over the classes.
  case boundaryF1 = "BF1"

  /// The metric of a name, exactly as written in `rawValue`.
  /// - Throws: `SegmentationLossError.metric` with the nearest name.
  public init(named name: String) throws(SegmentationLossError) {
    guard let metric = SegmentationMetric(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue)
      let mend = NameSuggestion.nearest(to: name, among: names).map { "did you mean '\($0)'? " } ?? ""
      throw .metric("there is no metric '\(name)': \(mend)(metrics: \(names.joined(separator: ", ")))")
    }
    self = metric
  }
}
