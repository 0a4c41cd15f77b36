import Foundation
import Losses
import Proxy

/// The training that a shared backbone comes from: Faster R-CNN with the usual losses on synthetic scenes.
///
/// The same settings and seed give the same weights on one kind of processor; the cache keeps one file for each.
public struct Pretraining: Codable, Hashable, Sendable {
  /// Raise when the same settings give other weights.
  public var version = 1
  public var scenes = SyntheticScenes.version
  public var detector: DetectorSettings
  public var data: DataSettings
  public var training: TrainingSettings
  public var seed: UInt64

  /// For the backbone and the input size of a search space. Ours: the scenes of the standard search, 1,200 of them for
  /// training instead of 400, and the steps of a final training.
  public init(_ space: SearchSpace, steps: Int? = nil, seed: UInt64 = 1) {
    detector = DetectorSettings(kind: .fasterRCNN, backbone: space.detector.backbone)
    data = DataSettings(
      height: space.data.height, width: space.data.width, synthetic: SyntheticSettings(trainImages: 1200))
    training = .final
    if let steps { training.steps = steps }
    training.warmUpSteps = min(training.warmUpSteps, training.steps)
    self.seed = seed
  }

  /// What a pretraining gives.
  public struct Result: Sendable {
    public let backbone: BackboneWeights
    /// Of the whole detector on the scenes set aside for validation.
    public let score: DetectionScore
  }

  /// Where the weights are kept: beside the cache of scores.
  public var file: URL {
    SearchStore.cacheFile.deletingLastPathComponent().appendingPathComponent("backbone-\(key).safetensors")
  }

  /// 12 digits over all settings.
  private var key: String {
    var hasher = ContentHasher()
    hasher.combine((try? Self.json(self)) ?? "")
    return String(hasher.hexadecimal.prefix(12))
  }

  /// The weights in the cache; nil where there are none that can be read.
  public func kept() -> BackboneWeights? { try? BackboneWeights(contentsOf: file) }

  /// Trains, and keeps the weights in the cache.
  ///
  /// - Throws: `Interrupted`, `DetectorError`, `CheckpointError`, `SearchError.pretrainingDiverged`.
  public func run(
    cancellation: Cancellation, progress: (_ step: Int, _ of: Int) -> Void
  ) throws -> Result {
    let splits = try DatasetReader.open("synthetic", settings: data, cache: nil)
    let trainer = try DetectionTrainer(detector: detector)
    let losses = DetectionLosses(
      classification: try LossText.classification("cross-entropy", .detectionTwoStage, place: "classification"),
      regression: try LossText.regression("giou", .detectionTwoStage, place: "regression"))
    let run = try trainer.begin(training, losses: losses, on: splits.searchTrain, seed: seed)
    while !run.isFinished {
      if cancellation.isRequested { throw Interrupted() }
      let report = try run.advance()
      guard report.isFinite else {
        throw SearchError.pretrainingDiverged(step: report.step)
      }
      progress(run.step, training.steps)
    }
    let checkpoint = Checkpoint(run)
    let score = try trainer.evaluate(
      checkpoint.trained, on: splits.searchValidation, imagesPerBatch: training.imagesPerBatch)
    let backbone = try BackboneWeights(checkpoint, origin: file.path)
    try TrainingFolder.makeFolder(file.deletingLastPathComponent())
    try write(backbone, to: file, score: score)
    return Result(backbone: backbone, score: score)
  }

  /// Writes the weights with a note of how they were found.
  ///
  /// - Throws: `CheckpointError.unwritable`.
  public func write(_ backbone: BackboneWeights, to url: URL, score: DetectionScore? = nil) throws {
    var notes = [
      (name: "pretraining", text: try Self.json(self)), ("content_hash", backbone.contentHash),
      ("origin", "\(Machine.current.program), \(Machine.current.processor)"),
    ]
    if let score { notes.append(("synthetic_AP50", "\(score.ap50)")) }
    try backbone.write(to: url, notes: notes)
  }

  private static func json(_ value: Pretraining) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
