import Foundation

/// The training of a segmenter as it stands, with everything that going on and scoring need.
///
/// As a file it is safetensors, like the checkpoints of detectors: the tensors under their names, the rest as texts in its
/// metadata.
public struct SegmenterCheckpoint: Sendable {
  public var segmenter: SegmenterSettings
  public var classes: [String]
  public var training: SegmentationTrainingSettings
  /// What describes the loss, as the command wrote it.
  public var loss: String
  public var seed: UInt64
  /// Content hash of the images that it learns from.
  public var dataHash: String
  /// Program and processor that began it; for reading.
  public var origin: String
  public var state: SegmentationTrainingState

  /// Of a training under way.
  public init(_ training: SegmentationTraining, loss: String, origin: String = "") {
    (segmenter, classes) = (training.shape.settings, training.data.classes)
    (self.training, self.loss, seed) = (training.settings, loss, training.seed)
    (dataHash, self.origin, state) = (training.data.contentHash, origin, training.state)
  }

  /// Whether all steps of the training are done.
  public var isFinished: Bool { state.step >= training.schedule.steps }

  /// The segmenter as it stands.
  public var trained: TrainedSegmenter {
    TrainedSegmenter(
      settings: segmenter, classes: classes, weights: state.weights, loss: state.tail.mean.classification)
  }

  /// The form of the file; raised when it changes.
  static let version = "1"
  static let format = "autoloss-segmenter"

  /// Replaces the file as a whole.
  ///
  /// - Throws: `CheckpointError`, or `SegmenterError` when its settings make no segmenter.
  public func write(to url: URL) throws { try AtomicFile.write(try file().encoded(), to: url) }

  private var shape: SegmenterShape {
    SegmenterShape(settings: segmenter, classes: classes.count, batch: 1, height: 0, width: 0)
  }

  private func file() throws -> TensorFile {
    let parts = try shape.parts()
    let weights = parts.state.map { part in
      TensorFile.Tensor(name: part.name, shape: part.shape, values: Array(state.weights[part.range]))
    }
    let momentum = parts.parameters.map { part in
      TensorFile.Tensor(
        name: Checkpoint.momentumPrefix + part.name, shape: part.shape, values: Array(state.optimizer[part.range]))
    }
    return TensorFile(
      metadata: [
        ("format", Self.format), ("version", Self.version), ("segmenter", try Checkpoint.text(segmenter)),
        ("classes", try Checkpoint.text(classes)), ("training", try Checkpoint.text(training)), ("loss", loss),
        ("seed", "\(seed)"), ("step", "\(state.step)"), ("data_hash", dataHash), ("origin", origin),
        ("crop_order", try Checkpoint.text(state.order)), ("loss_tail", try Checkpoint.text(state.tail)),
      ], tensors: weights + momentum)
  }
}

extension SegmenterCheckpoint {
  /// Reads a file that `write` made, or refuses it.
  ///
  /// - Parameter name: what messages call the file; its path by default.
  /// - Throws: `CheckpointError`.
  public init(contentsOf url: URL, name: String? = nil) throws(CheckpointError) {
    let path = name ?? url.path
    let file = try TensorFile(contentsOf: url, name: name)
    let texts = CheckpointTexts(file: file, path: path)
    try texts.require("format", Self.format)
    try texts.require("version", Self.version)
    segmenter = try texts.value("segmenter")
    classes = try texts.value("classes")
    training = try texts.value("training")
    loss = try texts.text("loss")
    seed = try texts.value("seed")
    dataHash = try texts.text("data_hash")
    origin = try texts.text("origin")
    guard (2...255).contains(classes.count) else {
      throw texts.failure("metadata 'classes'", "\(classes.count) classes, expected 2 to 255")
    }
    let step: Int = try texts.value("step")
    guard (0...training.schedule.steps).contains(step) else {
      throw texts.failure("metadata 'step'", "\(step) of \(training.schedule.steps) steps")
    }
    let parts: (state: [StatePart], parameters: [StatePart])
    do throws(SegmenterError) {
      try segmenter.validate()
      try training.validate(for: segmenter)
      parts = try SegmenterShape(settings: segmenter, classes: classes.count, batch: 1, height: 0, width: 0).parts()
    } catch {
      throw texts.failure("metadata 'segmenter'", "\(error)")
    }
    let known = Set(parts.state.map(\.name) + parts.parameters.map { Checkpoint.momentumPrefix + $0.name })
    if let other = file.tensors.first(where: { !known.contains($0.name) }) {
      throw texts.failure("tensor '\(other.name)'", "the segmenter has no such part")
    }
    state = SegmentationTrainingState(
      step: step, weights: try file.gather(parts.state, prefix: "", path: path),
      optimizer: try file.gather(parts.parameters, prefix: Checkpoint.momentumPrefix, path: path),
      order: try texts.value("crop_order"), tail: try texts.value("loss_tail"))
  }
}
