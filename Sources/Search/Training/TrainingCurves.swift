import Foundation
import Proxy
import Reporting

/// The curves of one seed for TensorBoard: losses, learning rate, gradient norm, images a second, scores.
final class TrainingCurves {
  private let file: EventFile

  /// Nil without a folder.
  init?(_ folder: URL?, seed: UInt64, resumedAt step: Int?) throws {
    guard let folder else { return nil }
    let own = folder.appendingPathComponent("seed-\(seed)")
    try TrainingFolder.makeFolder(own)
    file = try EventFile(in: own, resumedAt: step)
  }

  /// Steps count from 1 here: what is shown at step n is what the n-th step did.
  func add(_ report: StepReport, imagesPerSecond: Double) throws {
    let losses = report.losses
    let terms = [
      ("objectness", losses.objectness), ("proposal boxes", losses.proposalBoxes),
      ("classification", losses.classification), ("boxes", losses.boxes), ("centerness", losses.centerness),
      ("masks", losses.masks),
    ].filter { $0.1 != 0 }.map { (tag: "loss/" + $0.0, value: $0.1) }
    let others: [(tag: String, value: Double)] = [
      ("loss/total", losses.total), ("training/learning rate", report.learningRate),
      ("training/gradient norm", report.gradientNorm),
    ]
    let speed = imagesPerSecond > 0 ? [(tag: "training/images per second", value: imagesPerSecond)] : []
    try file.add(terms + others + speed, step: report.step + 1)
  }

  func add(_ score: DetectionScore, step: Int) throws {
    try file.add([("score/AP", score.ap), ("score/AP50", score.ap50), ("score/AP75", score.ap75)], step: step)
    if let masks = score.masks {
      try file.add(
        [("score/mask AP", masks.ap), ("score/mask AP50", masks.ap50), ("score/mask AP75", masks.ap75)], step: step)
    }
    try flush()
  }

  func flush() throws { try file.flush() }
}
