import Losses
import Networks
import Randomness

/// What a detector is built for.
struct DetectorShape: Hashable {
  let settings: DetectorSettings
  /// Number of classes without the background.
  let classes: Int
  let batch, height, width: Int
}

/// A detector of fixed batch and input size that can be trained with given losses. One thread at a time uses it.
protocol Detector: AnyObject {
  var shape: DetectorShape { get }
  var network: Network { get }

  /// Writes the images' pixels into the network's input.
  func load(_ images: [InputImage])

  /// Sets the losses of the following training; throws when one does not fit its place.
  func use(_ losses: DetectionLosses) throws(DetectorError)

  /// Forward, losses and backward of one batch of `shape.batch` images: leaves the gradients in `network.parameters`.
  ///
  /// What is drawn at random is fixed by `seed` and `step` alone.
  func accumulateGradients(_ images: [InputImage], seed: UInt64, step: Int) throws(DetectorError) -> LossSummary

  /// The detections of each image, best first, in pixels of the input. At most `shape.batch` images.
  func detect(_ images: [InputImage]) throws(DetectorError) -> [[Detection]]
}

extension Detector {
  /// Takes over weights and running statistics, of a detector with any batch.
  func restore(_ weights: [Float]) throws(DetectorError) {
    let needed = network.stateCount
    guard weights.count == needed else { throw .weightCount(given: weights.count, needed: needed) }
    try run { () throws(NetworkError) in try network.restore(weights) }
  }

  /// Runs a pass of the network.
  func run(_ body: () throws(NetworkError) -> Void) throws(DetectorError) {
    do { try body() } catch { throw .network(error.description) }
  }
}

extension DetectorShape {
  /// Builds the detector; start weights are those of `seed`.
  func build(seed: UInt64) throws(DetectorError) -> any Detector {
    switch settings.kind {
    case .fasterRCNN, .cascadeRCNN, .maskRCNN: try TwoStageDetector(self, seed: seed)
    case .fcos: try OneStageDetector(self, assignment: .points, seed: seed)
    case .atss: try OneStageDetector(self, assignment: .adaptive, seed: seed)
    }
  }

  /// The weights and statistics that a training with this seed starts from; the same for every batch.
  func startWeights(seed: UInt64) throws(DetectorError) -> [Float] {
    let single = DetectorShape(settings: settings, classes: classes, batch: 1, height: height, width: width)
    return try single.build(seed: seed).network.state
  }
}
