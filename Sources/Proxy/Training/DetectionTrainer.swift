import Losses
import Networks

/// Trains and scores detectors on the calling thread; make one for each worker.
///
/// It keeps its networks between candidates, and nothing else: a training depends on its arguments alone, bit for bit on
/// one kind of processor. Seeds fix the start weights, the order of images and their changes, so that losses trained
/// with one seed are paired.
public final class DetectionTrainer {
  public let detector: DetectorSettings
  /// What every training begins with where no weights are given; nil: all weights are drawn from the seed.
  public let backbone: BackboneWeights?
  private var networks: [DetectorShape: any Detector] = [:]
  /// Start weights by seed, for the data seen last: paired trainings ask for few seeds again and again.
  private var starts: [UInt64: [Float]] = [:]
  private var startShape: DetectorShape?

  public init(detector: DetectorSettings, backbone: BackboneWeights? = nil) throws(DetectorError) {
    try detector.validate()
    (self.detector, self.backbone) = (detector, backbone)
  }

  /// Trains for `settings.steps` steps.
  ///
  /// - Parameters:
  ///   - initialWeights: those of a `TrainedDetector` of the same settings and classes; nil: drawn from the seed.
  ///   - isCancelled: asked before every step.
  /// - Throws: `DetectorError` for settings, data or weights that do not fit; divergence is an outcome.
  public func train(
    _ settings: TrainingSettings, losses: DetectionLosses, on data: DetectionDataset, seed: UInt64,
    initialWeights: [Float]? = nil, isCancelled: () -> Bool = { false }
  ) throws(DetectorError) -> TrainingOutcome {
    let training = try begin(settings, losses: losses, on: data, seed: seed, initialWeights: initialWeights)
    while !training.isFinished {
      if isCancelled() { return .cancelled(step: training.step) }
      let report = try training.advance()
      guard report.isFinite else { return .diverged(step: report.step) }
    }
    return .completed(training.trained)
  }

  /// Begins a training that the caller advances, or goes on with one from its state.
  ///
  /// - Parameters:
  ///   - initialWeights: as in `train`; passed over with a `state`.
  ///   - state: of a training with the same settings, losses, data and seed.
  /// - Throws: `DetectorError` for settings, data or weights that do not fit.
  public func begin(
    _ settings: TrainingSettings, losses: DetectionLosses, on data: DetectionDataset, seed: UInt64,
    initialWeights: [Float]? = nil, from state: TrainingState? = nil
  ) throws(DetectorError) -> DetectionTraining {
    try settings.validate()
    let network = try network(for: data, batch: settings.imagesPerBatch)
    try network.use(losses)
    let training = DetectionTraining(settings, losses: losses, detector: network, data: data, seed: seed)
    if let state {
      try training.restore(state)
    } else if let initialWeights {
      try network.restore(initialWeights)
    } else {
      try network.restore(startWeights(network.shape, seed: seed))
    }
    return training
  }

  /// The detections of every image, best first, in pixels of the input.
  public func detect(
    _ trained: TrainedDetector, in data: DetectionDataset, imagesPerBatch: Int = TrainingSettings.final.imagesPerBatch
  ) throws(DetectorError) -> [[Detection]] {
    let network = try network(for: data, batch: imagesPerBatch)
    guard trained.settings == detector, trained.classes == data.classes.count else {
      throw .data(problem: "this detector was trained with other settings or classes")
    }
    try network.restore(trained.weights)
    var detections: [[Detection]] = []
    for start in stride(from: 0, to: data.images.count, by: imagesPerBatch) {
      let images = data.images[start..<min(start + imagesPerBatch, data.images.count)]
      detections += try network.detect(images.map { InputImage($0) })
    }
    return detections
  }

  /// COCO AP of the detector on the data: of boxes, and of masks where it finds them.
  public func evaluate(
    _ trained: TrainedDetector, on data: DetectionDataset,
    imagesPerBatch: Int = TrainingSettings.final.imagesPerBatch
  ) throws(DetectorError) -> DetectionScore {
    let detections = try detect(trained, in: data, imagesPerBatch: imagesPerBatch)
    return DetectionScore(detections, on: data, by: detector.kind)
  }

  private func network(for data: DetectionDataset, batch: Int) throws(DetectorError) -> any Detector {
    guard let first = data.images.first else { throw .data(problem: "no images") }
    guard !data.classes.isEmpty else { throw .data(problem: "no classes") }
    if let other = data.images.first(where: { $0.width != first.width || $0.height != first.height }) {
      throw .data(problem: "\(other.name) differs in size from \(first.name); read both at one input size")
    }
    try data.requireMasks(for: detector.kind)
    let shape = DetectorShape(
      settings: detector, classes: data.classes.count, batch: batch, height: first.height, width: first.width)
    if let known = networks[shape] { return known }
    let built = try shape.build(seed: 0)
    networks[shape] = built
    return built
  }

  private func startWeights(_ shape: DetectorShape, seed: UInt64) throws(DetectorError) -> [Float] {
    if startShape != shape { (startShape, starts) = (shape, [:]) }
    if let known = starts[seed] { return known }
    var drawn = try shape.startWeights(seed: seed)
    if let backbone { try backbone.lay(over: &drawn, shape.parts().state) }
    starts[seed] = drawn
    return drawn
  }
}
