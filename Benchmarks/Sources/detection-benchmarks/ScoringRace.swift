import Foundation
import Proxy
import Serving

/// COCO box average precision of one results file.
final class ScoringRace {
  /// What reading took and the numbers that both programs must agree on.
  struct Summary: Encodable {
    let seconds: Double
    /// The 12 numbers in pycocotools' order.
    let stats: [Double]
  }

  let summary: Summary
  private let truth: COCOGroundTruth
  private let detections: [ScoredBox]

  init(groundTruth: String, detections file: String) throws {
    let start = ContinuousClock.now
    let truth = try COCOInstances(contentsOf: URL(fileURLWithPath: groundTruth)).groundTruth
    let results = try COCOResultsFile(contentsOf: URL(fileURLWithPath: file), groundTruth: truth)
    let seconds = (ContinuousClock.now - start).seconds
    (self.truth, detections) = (truth, results.detections)
    summary = Summary(
      seconds: seconds,
      stats: COCOEvaluation.evaluate(groundTruth: truth, detections: results.detections).stats)
  }

  /// One evaluation of what was read.
  func time() -> Timing {
    Timing(count: 1, batch: 1) { _ in _ = COCOEvaluation.evaluate(groundTruth: truth, detections: detections) }
  }
}
