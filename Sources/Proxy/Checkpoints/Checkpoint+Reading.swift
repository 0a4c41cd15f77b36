import Foundation
import Losses

extension Checkpoint {
  /// Reads a file that `write` made, or refuses it.
  ///
  /// - Parameter name: what messages call the file; its path by default.
  /// - Throws: `CheckpointError`.
  public init(contentsOf url: URL, name: String? = nil) throws(CheckpointError) {
    try self.init(TensorFile(contentsOf: url, name: name), path: name ?? url.path)
  }

  init(_ file: TensorFile, path: String) throws(CheckpointError) {
    let texts = CheckpointTexts(file: file, path: path)
    try texts.require("format", Self.format)
    try texts.require("version", Self.version)
    detector = try texts.value("detector")
    classes = try texts.value("classes")
    categoryIDs = try texts.value("category_ids")
    (height, width) = (try texts.value("height"), try texts.value("width"))
    (training, losses) = (try texts.value("training"), try texts.value("losses"))
    seed = try texts.value("seed")
    dataHash = try texts.text("data_hash")
    initial = try texts.text("initial")
    origin = try texts.text("origin")
    guard classes.count == categoryIDs.count, (1...10_000).contains(classes.count) else {
      throw texts.failure(
        "metadata 'classes'", "\(classes.count) classes with \(categoryIDs.count) category ids")
    }
    guard (16...2048).contains(height), (16...2048).contains(width) else {
      throw texts.failure("metadata 'height'", "an input of \(width) x \(height) pixels, expected 16 to 2048")
    }
    let step: Int = try texts.value("step")
    guard (0...training.steps).contains(step) else {
      throw texts.failure("metadata 'step'", "\(step) of \(training.steps) steps")
    }
    let shape = DetectorShape(
      settings: detector, classes: classes.count, batch: 1, height: height, width: width)
    let parts: (state: [StatePart], parameters: [StatePart])
    do throws(DetectorError) {
      try training.validate()
      parts = try shape.parts()
    } catch {
      throw texts.failure("metadata 'detector'", "\(error)")
    }
    let weights = try file.gather(parts.state, prefix: "", path: path)
    let momentum = try file.gather(parts.parameters, prefix: Self.momentumPrefix, path: path)
    let known = Set(parts.state.map(\.name) + parts.parameters.map { Self.momentumPrefix + $0.name })
    if let other = file.tensors.first(where: { !known.contains($0.name) }) {
      throw texts.failure("tensor '\(other.name)'", "the detector has no such part")
    }
    state = TrainingState(
      step: step, weights: weights, optimizer: momentum, order: try texts.value("batch_order"),
      tail: try texts.value("loss_tail"))
  }
}

/// The texts in the metadata of one file.
struct CheckpointTexts {
  let file: TensorFile
  let path: String

  func failure(_ place: String, _ problem: String) -> CheckpointError {
    .damaged(path: path, place: place, problem: problem)
  }

  func text(_ name: String) throws(CheckpointError) -> String {
    guard let text = file.text(name) else { throw failure("metadata", "has no '\(name)'") }
    return text
  }

  func require(_ name: String, _ expected: String) throws(CheckpointError) {
    let found = try text(name)
    guard found == expected else { throw failure("metadata '\(name)'", "is '\(found)', expected '\(expected)'") }
  }

  func value<Value: Decodable>(_ name: String) throws(CheckpointError) -> Value {
    let text = try text(name)
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw failure("metadata '\(name)'", "does not have the expected form")
    }
  }
}

extension TensorFile {
  /// The numbers of all parts in one array, zeros between them.
  func gather(_ parts: [StatePart], prefix: String, path: String) throws(CheckpointError) -> [Float] {
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var values = [Float](repeating: 0, count: parts.map(\.range.upperBound).max() ?? 0)
    for part in parts {
      guard let tensor = byName[prefix + part.name] else {
        throw .damaged(path: path, place: "tensor '\(prefix + part.name)'", problem: "is missing")
      }
      guard tensor.shape == part.shape else {
        throw .damaged(
          path: path, place: "tensor '\(prefix + part.name)'",
          problem: "its shape is \(tensor.shape), the network's \(part.shape)")
      }
      values.replaceSubrange(part.range, with: tensor.values)
    }
    return values
  }
}
