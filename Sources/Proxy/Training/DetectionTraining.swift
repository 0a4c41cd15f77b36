import Losses
import Networks

/// One training under way, advanced step by step; the caller decides what is recorded between the steps.
///
/// It works in the network of the trainer that made it: until it is done, that trainer may score detectors of the same
/// data (`DetectionTrainer.evaluate` with `trained`), but not begin another training. One thread at a time uses it.
public final class DetectionTraining {
  public let settings: TrainingSettings
  public let seed: UInt64
  /// Steps done.
  public private(set) var step = 0
  let data: DetectionDataset
  let losses: DetectionLosses
  private let detector: any Detector
  private let optimizer: Optimizer
  private var order: BatchOrder
  private var tail: LossTail
  private var batch: [InputImage] = []

  init(
    _ settings: TrainingSettings, losses: DetectionLosses, detector: any Detector, data: DetectionDataset, seed: UInt64
  ) {
    (self.settings, self.losses, self.detector, self.data, self.seed) = (settings, losses, detector, data, seed)
    optimizer = Optimizer(settings.optimizer, parameters: detector.network.parameters)
    order = BatchOrder(settings: settings, imageCount: data.images.count, seed: seed)
    tail = LossTail(steps: settings.steps)
  }

  var shape: DetectorShape { detector.shape }

  /// Whether all steps are done.
  public var isFinished: Bool { step >= settings.steps }

  /// Does one step.
  ///
  /// After divergence the weights are those before the step, and every further call would diverge as well.
  /// - Throws: `DetectorError` when the layer library refuses.
  public func advance() throws(DetectorError) -> StepReport {
    drawBatch()
    let rate = settings.rates.rate(at: step, of: settings.steps)
    let losses = try detector.accumulateGradients(batch, seed: seed, step: step)
    let norm = losses.total.isFinite ? optimizer.step(learningRate: rate) : .nan
    let report = StepReport(step: step, losses: losses, learningRate: rate, gradientNorm: norm)
    guard report.isFinite else { return report }
    tail.add(losses, step: step)
    step += 1
    return report
  }

  /// The next batch, in the memory of the last one.
  private func drawBatch() {
    for index in 0..<settings.imagesPerBatch {
      let draw = order.next()
      if index < batch.count {
        batch[index].show(data.images[draw.image], draw: draw)
      } else {
        batch.append(InputImage(data.images[draw.image], draw: draw))
      }
    }
  }

  /// The detector as it is now.
  public var trained: TrainedDetector {
    TrainedDetector(
      settings: detector.shape.settings, classes: detector.shape.classes, weights: detector.network.state,
      losses: tail.mean)
  }

  /// Everything that a continuation needs: going on from it gives the same detector, bit for bit.
  public var state: TrainingState {
    TrainingState(
      step: step, weights: detector.network.state, optimizer: optimizer.state, order: order, tail: tail)
  }

  /// Takes over a state of a training with the same settings, data and seed.
  func restore(_ state: TrainingState) throws(DetectorError) {
    guard (0...settings.steps).contains(state.step) else {
      throw .setting(key: "steps", problem: "\(settings.steps), but \(state.step) steps are done already")
    }
    guard state.order.continues(order), state.tail.continues(tail) else {
      throw .data(problem: "the training to go on with had another schedule or other images")
    }
    try detector.restore(state.weights)
    try detector.run { () throws(NetworkError) in try optimizer.restore(state.optimizer, steps: state.step) }
    (step, order, tail) = (state.step, state.order, state.tail)
  }
}

/// What one step did.
public struct StepReport: Hashable, Sendable {
  /// From 0.
  public let step: Int
  /// Before the step's update, each with its weight applied.
  public let losses: LossSummary
  public let learningRate: Double
  /// Euclidean norm of the whole gradient before it is limited; not a number when a loss is not finite.
  public let gradientNorm: Double

  /// False when the training diverged at this step, which then changed nothing.
  public var isFinite: Bool { gradientNorm.isFinite }
}

/// Where a training stands between two steps.
public struct TrainingState: Sendable {
  /// Steps done.
  public let step: Int
  /// Weights and running statistics, as in `TrainedDetector.weights`.
  public let weights: [Float]
  /// The optimizer's momentum, in the order of the weights.
  public let optimizer: [Float]
  /// Which images come next: generators and the rest of the pass under way.
  let order: BatchOrder
  let tail: LossTail
}
