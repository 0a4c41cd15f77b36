import ArgumentParser
import Losses
import Proxy
import Search

/// `--data` of the verbs that segment.
struct SegmentationDataOptions: ParsableArguments {
  @Option(help: "A data folder in mmsegmentation's layout, or 'synthetic' (default: synthetic).")
  var data: String?

  /// What is read.
  var source: String { data ?? "synthetic" }

  /// Opens the data and reports what is wrong with single files.
  func open() throws -> SegmentationSplits {
    if source.isEmpty { throw InputError("--data: is empty; name a data folder, or 'synthetic'") }
    return try DataOption.open(source, SegmentationDataSettings.standard)
  }
}

/// What is scored, and how.
struct SegmentationScoringOptions: ParsableArguments {
  @Option(help: "Split to score: search-val (default), or holdout (look at it once, at the end).")
  var scoreOn: LossTraining.Split?
  @Option(help: "Pixels within which boundaries count as met in BIoU and BF1 (default: 5).")
  var tolerance: Int?
  @Flag(
    inversion: .prefixedNo,
    help: "Leave class 0 out of boundaries (default: where it is called 'background').")
  var dropBackground: Bool?

  var split: LossTraining.Split { scoreOn ?? .searchValidation }

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
