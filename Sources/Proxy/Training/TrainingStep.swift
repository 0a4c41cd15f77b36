import Losses
import Networks

/// One training step in its parts, on batches that the caller gives: for tests against other programs and for benchmarks.
///
/// The same network, losses and update as in `DetectionTrainer`, without its order of images, their changes and its
/// learning rates. One thread at a time uses it.
public final class TrainingStep {
  public let settings: DetectorSettings
  private let detector: any Detector
  private let optimizer: Optimizer
  private let seed: UInt64
  private var inputs: [InputImage] = []

  /// Builds the detector for images of height × width, with the start weights of `seed`.
  ///
  /// - Parameters:
  ///   - optimizer: the update rule; `learningRate` and `schedule` of a training have no part here.
  ///   - classes: without the background.
  ///   - batch: images a step.
  /// - Throws: `DetectorError` for settings or losses that do not fit.
  public init(
    _ settings: DetectorSettings, training: TrainingSettings, losses: DetectionLosses, classes: Int, batch: Int,
    height: Int, width: Int, seed: UInt64 = 0
  ) throws(DetectorError) {
    self.settings = settings
    self.seed = seed
    detector = try DetectorShape(settings: settings, classes: classes, batch: batch, height: height, width: width)
      .build(seed: seed)
    try detector.use(losses)
    optimizer = Optimizer(training.optimizer, parameters: detector.network.parameters)
  }

  /// Weights and gradients by name.
  package var parameters: Parameters { detector.network.parameters }

  /// Numbers that are learned.
  public var parameterCount: Int { parameters.entries.reduce(0) { $0 + $1.range.count } }

  /// Writes the batch's pixels into the network's input, as every step does first; for its cost.
  public func load(_ images: [DetectionImage]) {
    take(images)
    detector.load(inputs)
  }

  /// Forward and backward of the network alone, on what its inputs hold; gradients are wrong afterwards.
  public func runLayers() throws(DetectorError) {
    let network = detector.network
    try detector.run { () throws(NetworkError) in
      try network.forward(training: true)
      try network.backward()
    }
  }

  /// What every layer costs, after a step; gradients are wrong afterwards.
  ///
  /// - Parameter passes: how often each is timed.
  public func layerCosts(passes: Int) throws(DetectorError) -> [LayerCost] {
    do { return try detector.network.layerCosts(passes: passes) } catch { throw .network(error.description) }
  }

  /// Sets every weight by the name and shape (PyTorch's order) of its parameter; `values` gives as many as the shape holds.
  public func setWeights(_ values: (_ name: String, _ shape: [Int]) -> [Float]) {
    parameters.update { weights in
      for entry in parameters.entries {
        for (place, value) in zip(entry.range, values(entry.name, entry.shape)) { weights[place] = value }
      }
    }
  }

  /// Forward, losses and backward of `batch` images; leaves the gradients behind.
  ///
  /// - Parameter step: decides, with the seed, what is drawn at random.
  public func accumulateGradients(_ images: [DetectionImage], step: Int) throws(DetectorError) -> LossSummary {
    take(images)
    return try detector.accumulateGradients(inputs, seed: seed, step: step)
  }

  private func take(_ images: [DetectionImage]) {
    inputs.removeAll(keepingCapacity: true)
    for image in images { inputs.append(InputImage(image)) }
  }

  /// Moves the weights; the gradient's Euclidean norm.
  @discardableResult
  public func update(learningRate: Double) -> Double { optimizer.step(learningRate: learningRate) }
}
