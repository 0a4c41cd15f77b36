import Foundation
import Losses
import Proxy
import Surrogates

extension LossTraining.Split {
  /// The images of this split.
  public func images(of splits: SegmentationSplits) -> SegmentationDataset {
    switch self {
    case .searchValidation: splits.searchValidation
    case .holdOut: splits.holdOut
    }
  }
}

/// Trains a segmenter with a given loss and several seeds and scores it: what `autoloss surrogate train` does.
public struct SegmenterTraining: Sendable {
  public let segmenter: SegmenterSettings
  public let training: SegmentationTrainingSettings
  public let loss: SegmentationLossChoice
  public let split: LossTraining.Split
  /// How boundaries are scored.
  public let scoring: SegmentationScorer.Settings
  /// Checkpoints of each seed; nil: nothing is kept.
  public let folder: URL?
  /// Steps between checkpoints; one is written at the end and on a stop in any case.
  public let checkpointInterval: Int

  public init(
    segmenter: SegmenterSettings = .standard, training: SegmentationTrainingSettings = .final,
    loss: SegmentationLossChoice, split: LossTraining.Split, scoring: SegmentationScorer.Settings, folder: URL? = nil,
    checkpointInterval: Int = 200
  ) {
    (self.segmenter, self.training, self.loss, self.split) = (segmenter, training, loss, split)
    (self.scoring, self.folder, self.checkpointInterval) = (scoring, folder, checkpointInterval)
  }

  /// The checkpoint of one seed in the folder.
  public static func checkpoint(_ seed: UInt64, in folder: URL) -> URL {
    folder.appendingPathComponent("seed-\(seed).safetensors")
  }

  /// What the training of one seed took so far.
  private static func time(_ seed: UInt64, in folder: URL) -> URL {
    folder.appendingPathComponent("seed-\(seed)-time.json")
  }

  /// One result for each seed, in order; `report` is called as each is done, on the calling thread, and `progress` after
  /// every step of every seed, on the threads that train.
  ///
  /// Seeds whose checkpoint lies in the folder go on from there.
  /// - Throws: `SegmenterError` for data that the segmenter cannot learn from, `CheckpointError`; `Interrupted` after a stop
  ///   was asked for, with all checkpoints written.
  public func run(
    seeds: [UInt64], on splits: SegmentationSplits, workers: Int, cancellation: Cancellation,
    progress: @escaping @Sendable (TrainingProgress) -> Void = { _ in }, report: (SegmenterResult) throws -> Void
  ) throws -> [SegmenterResult] {
    let pool = WorkerPool(count: min(workers, seeds.count)) { try SegmentationTrainer(segmenter) }
    var results: [SegmenterResult] = []
    try pool.mapInOrder(seeds, lookAhead: seeds.count) { trainer, seed in
      if cancellation.isRequested { throw Interrupted() }
      return try run(seed, on: splits, with: trainer, cancellation: cancellation, progress: progress)
    } commit: { _, result in
      results.append(result)
      try report(result)
    }
    return results
  }

  private func run(
    _ seed: UInt64, on splits: SegmentationSplits, with trainer: SegmentationTrainer, cancellation: Cancellation,
    progress: (TrainingProgress) -> Void
  ) throws -> SegmenterResult {
    let state = try storedState(seed, on: splits.searchTrain)
    var meter = SpeedMeter(
      imagesPerStep: self.training.schedule.imagesPerBatch,
      earlier: state == nil ? TrainingTime() : TrainingTime(kept: folder.map { Self.time(seed, in: $0) }))
    let training = try trainer.begin(
      training, loss: try loss.makeLoss(), on: splits.searchTrain, seed: seed, from: state)
    func result(_ outcome: SegmenterResult.Outcome) -> SegmenterResult {
      SegmenterResult(
        seed: seed, outcome: outcome, seconds: meter.time.seconds, imagesPerSecond: meter.mean, resumedAt: state?.step)
    }
    func tell(images: Int, loss: Double) {
      progress(
        TrainingProgress(
          seed: seed, step: training.step, steps: self.training.schedule.steps, images: images,
          losses: LossSummary(classification: loss)))
    }
    tell(images: 0, loss: 0)
    while !training.isFinished {
      if cancellation.isRequested {
        try save(training, meter)
        throw Interrupted()
      }
      let report = try training.advance()
      meter.count()
      guard report.isFinite else { return result(.diverged(step: report.step)) }
      tell(images: self.training.schedule.imagesPerBatch, loss: report.losses.total)
      if training.step % max(1, checkpointInterval) == 0, !training.isFinished { try save(training, meter) }
    }
    let wasFinished = state?.step == training.step
    if !wasFinished { try save(training, meter) }
    let scores = try trainer.scores(training.trained, on: split.images(of: splits), settings: scoring)
    if let folder, !wasFinished { try AtomicFile.write(meter.time.json, to: Self.time(seed, in: folder)) }
    return result(.scored(scores))
  }

  private func save(_ training: SegmentationTraining, _ meter: SpeedMeter) throws {
    guard let folder else { return }
    try AtomicFile.write(meter.time.json, to: Self.time(training.seed, in: folder))
    let origin = "\(Machine.current.program), \(Machine.current.processor)"
    try SegmenterCheckpoint(training, loss: loss.description, origin: origin)
      .write(to: Self.checkpoint(training.seed, in: folder))
  }

  /// Where the seed stands in the folder; nil when it was not begun.
  private func storedState(_ seed: UInt64, on data: SegmentationDataset) throws -> SegmentationTrainingState? {
    guard let folder else { return nil }
    let url = Self.checkpoint(seed, in: folder)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let found = try SegmenterCheckpoint(contentsOf: url)
    let facts: [(String, Bool)] = [
      ("segmenter", found.segmenter == segmenter), ("training", found.training == training),
      ("loss", found.loss == loss.description), ("seed", found.seed == seed),
      ("classes", found.classes == data.classes),
      ("data_hash", found.dataHash == data.contentHash),
    ]
    if let other = facts.first(where: { !$0.1 }) {
      throw CheckpointError.mismatch(
        path: url.path, place: "metadata '\(other.0)'",
        problem: "is not what this command trains; remove the file to train this seed anew, or give another --out")
    }
    return found.state
  }
}

/// One trained and scored seed of a segmenter.
public struct SegmenterResult: Sendable {
  public enum Outcome: Sendable {
    case scored(SegmentationScores)
    /// A loss or gradient was not finite at this step (from 0).
    case diverged(step: Int)
  }

  public let seed: UInt64
  public let outcome: Outcome
  /// Training and scoring.
  public let seconds: Double
  /// In training; meaningless after divergence.
  public let imagesPerSecond: Double
  /// Set where a continuation began.
  public let resumedAt: Int?

  /// Nil after divergence.
  public var scores: SegmentationScores? {
    if case .scored(let scores) = outcome { scores } else { nil }
  }
}
