import Foundation
import Losses
import Proxy
import Reporting
import RunStore

/// Trains and scores one seed, keeping records on the way; owned by one thread.
final class SeedTraining {
  private let task: LossTraining
  private let splits: DetectionSplits
  private let records: TrainingRecords
  private let trainer: DetectionTrainer

  init(_ task: LossTraining, splits: DetectionSplits, records: TrainingRecords) throws {
    (self.task, self.splits, self.records) = (task, splits, records)
    trainer = try DetectionTrainer(detector: task.space.detector, backbone: task.backbone)
  }

  private var scored: DetectionDataset { task.scored(splits) }

  /// - Throws: `Interrupted` after a checkpoint once `isCancelled` turns true; `CheckpointError` and `DetectorError`.
  func run(
    seed: UInt64, isCancelled: () -> Bool, progress: (TrainingProgress) -> Void
  ) throws -> SeedResult {
    let state = try storedState(seed)
    var meter = SpeedMeter(
      imagesPerStep: task.schedule.imagesPerBatch,
      earlier: state == nil ? TrainingTime() : TrainingTime(kept: records.folder?.time(seed)))
    let training = try trainer.begin(
      task.schedule, losses: task.losses, on: splits.searchTrain, seed: seed, from: state)
    let curves = try TrainingCurves(records.events, seed: seed, resumedAt: state?.step)
    progress(Self.progress(training, images: 0, LossSummary()))
    while !training.isFinished {
      if isCancelled() {
        try keep(training, curves, meter)
        throw Interrupted()
      }
      let report = try training.advance()
      meter.count()
      try curves?.add(report, imagesPerSecond: meter.recent)
      guard report.isFinite else {
        try curves?.flush()
        return result(seed, .diverged(step: report.step), meter, resumedAt: state?.step)
      }
      progress(Self.progress(training, images: task.schedule.imagesPerBatch, report.losses))
      // Scored first: a checkpoint tells a continuation that everything up to its step was drawn.
      if records.scoringInterval > 0, training.step % records.scoringInterval == 0, !training.isFinished {
        try meter.pause { try curves?.add(score(training).score, step: training.step) }
      }
      if training.step % max(1, records.checkpointInterval) == 0, !training.isFinished {
        try keep(training, curves, meter)
      }
    }
    let wasFinished = state?.step == training.step
    if !wasFinished { try keep(training, curves, meter) }
    let found = try score(training)
    try curves?.add(found.score, step: training.step)
    try curves?.flush()
    if let folder = records.folder {
      try AtomicFile.write(COCOText.results(found.detections, of: scored), to: folder.predictions(seed))
      // A training that was done before took the time it took then.
      if !wasFinished { try AtomicFile.write(meter.time.json, to: folder.time(seed)) }
    }
    return result(
      seed, .scored(ap: found.score.ap, ap50: found.score.ap50, ap75: found.score.ap75), meter,
      resumedAt: state?.step, found: found)
  }

  /// A detector looked at on the scored split.
  private struct Scoring {
    let detections: [[Detection]]
    let evaluation: COCOResult
    let masks: COCOResult?
    let score: DetectionScore
  }

  private func score(_ training: DetectionTraining) throws -> Scoring {
    let detections = try trainer.detect(
      training.trained, in: scored, imagesPerBatch: task.schedule.imagesPerBatch)
    let evaluation = COCOEvaluation.evaluate(dataset: scored, detections: detections)
    var score = DetectionScore(evaluation, categoryIDs: scored.categoryIDs)
    let masks =
      trainer.detector.kind.findsMasks
      ? COCOEvaluation.evaluate(dataset: scored, detections: detections, comparing: .masks) : nil
    score.masks = masks.map(MaskScore.init)
    return Scoring(detections: detections, evaluation: evaluation, masks: masks, score: score)
  }

  /// Writes what the curves have so far, then the checkpoint: a training that goes on from there has drawn all before it.
  private func keep(_ training: DetectionTraining, _ curves: TrainingCurves?, _ meter: SpeedMeter) throws {
    try curves?.flush()
    guard let folder = records.folder else { return }
    try AtomicFile.write(meter.time.json, to: folder.time(training.seed))
    try Checkpoint(
      training, initial: task.initialHash, origin: "\(Machine.current.program), \(Machine.current.processor)"
    )
    .write(to: folder.checkpoint(training.seed))
  }

  /// Where the seed stands in the folder; nil when it was not begun.
  private func storedState(_ seed: UInt64) throws -> TrainingState? {
    guard let folder = records.folder, folder.holds(seed) else { return nil }
    let url = folder.checkpoint(seed)
    let found = try Checkpoint(contentsOf: url)
    let facts: [(String, Bool)] = [
      ("detector", found.detector == task.space.detector), ("training", found.training == task.schedule),
      ("losses", found.losses == task.losses), ("seed", found.seed == seed),
      ("data_hash", found.dataHash == splits.searchTrain.contentHash), ("initial", found.initial == task.initialHash),
    ]
    if let other = facts.first(where: { !$0.1 }) {
      throw CheckpointError.mismatch(
        path: url.path, place: "metadata '\(other.0)'",
        problem: "is not what this folder's training was begun with; remove the file to train this seed anew")
    }
    return found.state
  }

  private func result(
    _ seed: UInt64, _ outcome: ScoreOutcome, _ meter: SpeedMeter, resumedAt: Int?,
    found: Scoring? = nil
  ) -> SeedResult {
    SeedResult(
      seed: seed,
      measurement: TrainingMeasurement(
        outcome: outcome, seconds: meter.time.seconds, imagesPerSecond: meter.mean),
      evaluation: found?.evaluation, maskEvaluation: found?.masks, detections: found?.detections ?? [],
      resumedAt: resumedAt)
  }

  private static func progress(
    _ training: DetectionTraining, images: Int, _ losses: LossSummary
  ) -> TrainingProgress {
    TrainingProgress(
      seed: training.seed, step: training.step, steps: training.settings.steps, images: images, losses: losses)
  }
}
