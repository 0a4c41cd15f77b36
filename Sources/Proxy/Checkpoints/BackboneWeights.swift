import Foundation

/// The weights of a backbone with its feature pyramid, which detectors of every kind and number of classes can begin with.
public struct BackboneWeights: Sendable {
  /// Under the names that the layers have in every detector.
  let tensors: [TensorFile.Tensor]
  /// Over names, shapes and numbers: says which weights a training began with.
  public let contentHash: String
  /// Where they come from, for messages.
  public let origin: String

  static let format = "autoloss-backbone"

  /// The backbone of a trained detector.
  public init(_ checkpoint: Checkpoint, origin: String) throws {
    try self.init(checkpoint.file(), origin: origin)
  }

  /// Of a file that `write` made, or of a checkpoint.
  ///
  /// - Throws: `CheckpointError`.
  public init(contentsOf url: URL, name: String? = nil) throws(CheckpointError) {
    let path = name ?? url.path
    try self.init(TensorFile(contentsOf: url, name: name), origin: path)
  }

  private init(_ file: TensorFile, origin: String) throws(CheckpointError) {
    let own = file.tensors.filter { FeaturePyramid.owns($0.name) }
    guard !own.isEmpty else {
      throw .mismatch(
        path: origin, place: "tensors",
        problem: "none is part of a backbone; name a file that `autoloss pretrain` or `autoloss train --out` wrote")
    }
    if let bad = own.first(where: { !$0.values.allSatisfy(\.isFinite) }) {
      throw .damaged(path: origin, place: "tensor '\(bad.name)'", problem: "holds a number that is not finite")
    }
    tensors = own.sorted { $0.name < $1.name }
    contentHash = TensorFile(metadata: [], tensors: tensors).contentHash
    self.origin = origin
  }

  /// Replaces the file as a whole; `notes` says how the weights were found.
  ///
  /// - Throws: `CheckpointError.unwritable`.
  public func write(to url: URL, notes: [(name: String, text: String)]) throws(CheckpointError) {
    let file = TensorFile(metadata: [("format", Self.format)] + notes, tensors: tensors)
    try AtomicFile.write(file.encoded(), to: url)
  }

  /// Throws `DetectorError.backbone` unless detectors of these settings can begin with the weights.
  public func check(fits settings: DetectorSettings, height: Int, width: Int) throws(DetectorError) {
    let shape = DetectorShape(settings: settings, classes: 1, batch: 1, height: height, width: width)
    let parts = try shape.parts().state
    var state = [Float](repeating: 0, count: parts.map(\.range.upperBound).max() ?? 0)
    try lay(over: &state, parts)
  }

  /// Puts the weights into the state of a detector.
  ///
  /// - Throws: `DetectorError.backbone` naming the first part that is missing or of another shape.
  func lay(over state: inout [Float], _ parts: [StatePart]) throws(DetectorError) {
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for part in parts where FeaturePyramid.owns(part.name) {
      guard let tensor = byName[part.name], tensor.shape == part.shape else {
        throw .backbone(
          origin: origin, part: part.name, given: byName[part.name]?.shape, needed: part.shape)
      }
      state.replaceSubrange(part.range, with: tensor.values)
    }
  }
}
