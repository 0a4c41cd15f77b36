import ArgumentParser
import Losses
import Proxy
import Search

/// `--data` of the verbs that segment.
struct SegmentationDataOptions: ParsableArguments {
  @Option(help: "A data folder in mmsegmentation's layout, or 'synthetic'.")
  var data = "synthetic"

  /// Opens the data and reports what is wrong with single files.
  func open() throws -> SegmentationSplits {
    if data.isEmpty { throw InputError("--data: is empty; name a data folder, or 'synthetic'") }
    return try DataOption.open(data, SegmentationDataSettings.standard)
  }
}

/// What is scored, and how.
struct SegmentationScoringOptions: ParsableArguments {
  @Option(help: "Split to score: search-val, or holdout (look at it once, at the end).")
  var scoreOn = LossTraining.Split.searchValidation
  @Option(help: "Pixels within which boundaries count as met in BIoU and BF1 (default: 5).")
  var tolerance: Int?
  @Flag(
    inversion: .prefixedNo,
    help: "Leave class 0 out of boundaries (default: where it is called 'background').")
  var dropBackground: Bool?

  func check() throws {
    let range = SurrogateParameters.toleranceRange
    if let tolerance, !range.contains(tolerance) {
      throw InputError("--tolerance \(tolerance): must lie in \(range.lowerBound) ... \(range.upperBound)")
    }
  }

  func settings(for data: SegmentationDataset) -> SegmentationScorer.Settings {
    let standard = SegmentationScorer.Settings()
    return SegmentationScorer.Settings(
      tolerance: tolerance ?? standard.tolerance, radius: tolerance ?? standard.radius,
      dropsBackground: dropBackground ?? data.hasBackground)
  }
}
