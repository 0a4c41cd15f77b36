import Losses
import Networks
import Randomness

/// Trains and scores detectors on the calling thread; make one for each worker.
///
/// It keeps its networks between candidates, and nothing else: a training depends on its arguments alone, bit for bit on
/// one kind of processor. Seeds fix the start weights, the order of images and their changes, so that losses trained
/// with one seed are paired.
public final class DetectionTrainer {
  public let detector: DetectorSettings
  private var networks: [DetectorShape: any Detector] = [:]
  /// Start weights by seed, for the data seen last: paired trainings ask for few seeds again and again.
  private var starts: [UInt64: [Float]] = [:]
  private var startShape: DetectorShape?

  public init(detector: DetectorSettings) throws(DetectorError) {
    try detector.validate()
    self.detector = detector
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
    try settings.validate()
    let network = try network(for: data, batch: settings.imagesPerBatch)
    let start = try initialWeights == nil ? startWeights(network.shape, seed: seed) : []
    try network.restore(initialWeights ?? start)
    try network.use(losses)
    let optimizer = Optimizer(settings.optimizer, parameters: network.network.parameters)
    var order = BatchOrder(settings: settings, imageCount: data.images.count, seed: seed)
    var tail = LossTail(steps: settings.steps)
    for step in 0..<settings.steps {
      if isCancelled() { return .cancelled(step: step) }
      let batch = order.next().map { InputImage(data.images[$0.image], draw: $0) }
      let summary = try network.accumulateGradients(batch, seed: seed, step: step)
      guard summary.total.isFinite,
        optimizer.step(learningRate: settings.rates.rate(at: step, of: settings.steps)).isFinite
      else { return .diverged(step: step) }
      tail.add(summary, step: step)
    }
    return .completed(
      TrainedDetector(
        settings: detector, classes: data.classes.count, weights: network.network.state, losses: tail.mean))
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
    let drawn = try shape.startWeights(seed: seed)
    starts[seed] = drawn
    return drawn
  }
}
