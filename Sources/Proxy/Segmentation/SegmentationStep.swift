import Losses
import Networks

/// One training step of a segmenter in its parts, on images that the caller gives: for tests against other programs and
/// for benchmarks.
///
/// The same network, loss and update as in `SegmentationTrainer`, without its crops and learning rates. One thread at a
/// time uses it.
public final class SegmentationStep {
  private let segmenter: Segmenter
  private let loss: any SegmentationLoss
  private let optimizer: Optimizer

  /// Builds the segmenter for images of height × width, with the start weights of `seed`.
  ///
  /// - Throws: `SegmenterError` for settings that do not fit.
  public init(
    _ settings: SegmenterSettings, schedule: TrainingSettings, loss: any SegmentationLoss, classes: Int, batch: Int,
    height: Int, width: Int, seed: UInt64 = 0
  ) throws(SegmenterError) {
    try settings.validate()
    segmenter = try SegmenterShape(
      settings: settings, classes: classes, batch: batch, height: height, width: width
    ).build(seed: seed)
    self.loss = loss
    optimizer = Optimizer(schedule.optimizer, parameters: segmenter.network.parameters)
  }

  /// Weights and gradients by name.
  package var parameters: Parameters { segmenter.network.parameters }

  /// Numbers that are learned.
  public var parameterCount: Int { parameters.entries.reduce(0) { $0 + $1.range.count } }

  /// Sets every weight by the name and shape (PyTorch's order) of its parameter; `values` gives as many as the shape holds.
  public func setWeights(_ values: (_ name: String, _ shape: [Int]) -> [Float]) {
    parameters.update { weights in
      for entry in parameters.entries {
        for (place, value) in zip(entry.range, values(entry.name, entry.shape)) { weights[place] = value }
      }
    }
  }

  /// Writes the batch's pixels and labels into the network's input, as every step does first.
  public func load(_ images: [SegmentationImage]) {
    for index in images.indices { segmenter.load(images[index], at: index) }
  }

  /// Forward, loss and backward of `batch` images; leaves the gradients behind.
  public func accumulateGradients(_ images: [SegmentationImage]) throws(SegmenterError) -> Double {
    load(images)
    return try segmenter.accumulateGradients(loss)
  }

  /// Moves the weights; the gradient's Euclidean norm.
  @discardableResult
  public func update(learningRate: Double) -> Double { optimizer.step(learningRate: learningRate) }

  /// Forward and backward of the network alone, on what its inputs hold; gradients are wrong afterwards.
  public func runLayers() throws(SegmenterError) {
    do throws(NetworkError) {
      try segmenter.network.forward(training: true)
      try segmenter.network.backward()
    } catch {
      throw .network(error.description)
    }
  }

  /// What every layer costs, after a step; gradients are wrong afterwards.
  ///
  /// - Parameter passes: how often each is timed.
  public func layerCosts(passes: Int) throws(SegmenterError) -> [LayerCost] {
    do throws(NetworkError) {
      return try segmenter.network.layerCosts(passes: passes)
    } catch {
      throw .network(error.description)
    }
  }
}
