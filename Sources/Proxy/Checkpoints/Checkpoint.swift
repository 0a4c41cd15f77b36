import Foundation
import JSONValues
import Losses

/// A training as it stands, with everything that going on, scoring and detecting need.
///
/// As a file it is safetensors: the tensors under their names (so that other programs can load them), the rest as texts in
/// its metadata.
public struct Checkpoint: Sendable {
  /// Of the detector.
  public var detector: DetectorSettings
  public var classes: [String]
  public var categoryIDs: [Int]
  /// Of the detector's input in pixels.
  public var height, width: Int
  /// Of the training.
  public var training: TrainingSettings
  public var losses: DetectionLosses
  public var seed: UInt64
  /// Content hash of the images that it learns from.
  public var dataHash: String
  /// Content hash of the backbone that it began with, or "none".
  public var initial: String
  /// Program and processor that began it; for reading.
  public var origin: String
  public var state: TrainingState

  /// Of a training under way.
  public init(_ training: DetectionTraining, initial: String = "none", origin: String = "") {
    let shape = training.shape
    (detector, height, width) = (shape.settings, shape.height, shape.width)
    (classes, categoryIDs, dataHash) = (training.data.classes, training.data.categoryIDs, training.data.contentHash)
    (self.training, losses, seed) = (training.settings, training.losses, training.seed)
    (self.initial, self.origin, state) = (initial, origin, training.state)
  }

  /// Whether all steps of the training are done.
  public var isFinished: Bool { state.step >= training.steps }

  /// The detector as it stands.
  public var trained: TrainedDetector {
    TrainedDetector(settings: detector, classes: classes.count, weights: state.weights, losses: state.tail.mean)
  }

  /// The form of the file; raised when it changes.
  static let version = "1"
  static let format = "autoloss-checkpoint"
  static let momentumPrefix = "optimizer.momentum."

  /// Replaces the file as a whole.
  ///
  /// - Throws: `CheckpointError`, or `DetectorError` when its settings make no detector.
  public func write(to url: URL) throws { try AtomicFile.write(try file().encoded(), to: url) }

  /// The tensors and texts that are written.
  func file() throws -> TensorFile {
    let parts = try shape.parts()
    let weights = parts.state.map { part in
      TensorFile.Tensor(name: part.name, shape: part.shape, values: Array(state.weights[part.range]))
    }
    let momentum = parts.parameters.map { part in
      TensorFile.Tensor(
        name: Self.momentumPrefix + part.name, shape: part.shape, values: Array(state.optimizer[part.range]))
    }
    return TensorFile(
      metadata: [
        ("format", Self.format), ("version", Self.version), ("detector", try Self.text(detector)),
        ("classes", try Self.text(classes)), ("category_ids", try Self.text(categoryIDs)), ("height", "\(height)"),
        ("width", "\(width)"), ("training", try Self.text(training)), ("losses", try Self.text(losses)),
        ("seed", "\(seed)"), ("step", "\(state.step)"), ("data_hash", dataHash), ("initial", initial),
        ("origin", origin), ("batch_order", try Self.text(state.order)), ("loss_tail", try Self.text(state.tail)),
      ], tensors: weights + momentum)
  }

  var shape: DetectorShape {
    DetectorShape(settings: detector, classes: classes.count, batch: 1, height: height, width: width)
  }

  static func text<Value: Encodable>(_ value: Value) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
