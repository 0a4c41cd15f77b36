import Losses
import Proxy

/// What the formulas of a search for segmentation train, and how it is scored.
public struct SegmentationTarget: Codable, Hashable, Sendable {
  /// What candidates are judged by.
  public var metric = SegmentationMetric.meanIoU
  /// Pixels within which boundaries count as met in BIoU and BF1.
  public var tolerance = 5
  /// Whether class 0 has no boundaries in BIoU and BF1.
  public var dropBackground = BackgroundRule.whereNamed
  public var segmenter = SegmenterSettings.standard
  public var data = SegmentationDataSettings.standard
  public var training = SegmentationSchedules()

  public init() {}

  /// Throws the first contradiction, named by its key.
  func checkLimits() throws {
    guard SurrogateParameters.toleranceRange.contains(tolerance) else {
      throw SearchSpaceError.contradiction(
        key: "segmentation.tolerance",
        problem: "\(tolerance) does not lie in \(SurrogateParameters.toleranceRange.lowerBound) ... "
          + "\(SurrogateParameters.toleranceRange.upperBound)")
    }
    let schedules = [("verify", training.verify), ("proxy", training.proxy), ("final", training.final)]
    try naming("segmentation.segmenter") { try segmenter.validate() }
    for (name, schedule) in schedules {
      try naming("segmentation.training.\(name)") { try schedule.validate(for: segmenter) }
    }
    try naming("segmentation.data") { try data.validate() }
  }

  /// Runs a check of another module and puts its finding under a key of the space.
  private func naming(_ key: String, _ check: () throws -> Void) throws {
    do {
      try check()
    } catch {
      throw SearchSpaceError.contradiction(key: key, problem: "\(error)")
    }
  }
}

/// The trainings of a search for segmentation, in steps.
public struct SegmentationSchedules: Codable, Hashable, Sendable {
  /// Second step of the simulation: one image a class.
  public var verify = SegmentationTrainingSettings.final.with(steps: 60)
  /// Ranks candidates on search-val.
  public var proxy = SegmentationTrainingSettings.final.with(steps: 300)
  /// Final scores on the hold-out.
  public var final = SegmentationTrainingSettings.final

  public init() {}
}
