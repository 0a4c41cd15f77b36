import Losses
import Networks

/// One training of a segmenter under way, advanced step by step; the caller decides what is recorded between the steps.
///
/// It works in the network of the trainer that made it, which may score in between but not begin another training of the
/// same data. One thread at a time uses it.
public final class SegmentationTraining {
  public let settings: SegmentationTrainingSettings
  public let seed: UInt64
  /// Steps done.
  public private(set) var step = 0
  let data: SegmentationDataset
  private let segmenter: Segmenter
  private let loss: any SegmentationLoss
  private let optimizer: Optimizer
  private var order: CropOrder
  private var tail: LossTail

  init(
    _ settings: SegmentationTrainingSettings, loss: any SegmentationLoss, segmenter: Segmenter,
    data: SegmentationDataset, seed: UInt64
  ) {
    (self.settings, self.loss, self.segmenter, self.data, self.seed) = (settings, loss, segmenter, data, seed)
    optimizer = Optimizer(settings.schedule.optimizer, parameters: segmenter.network.parameters)
    order = CropOrder(settings: settings, imageCount: data.images.count, seed: seed)
    tail = LossTail(steps: settings.schedule.steps)
  }

  var shape: SegmenterShape { segmenter.shape }

  /// Whether all steps are done.
  public var isFinished: Bool { step >= settings.schedule.steps }

  /// Does one step.
  ///
  /// After divergence the weights are those before the step, and every further call would diverge as well.
  /// - Throws: `SegmenterError` when the loss or the layer library refuses.
  public func advance() throws(SegmenterError) -> StepReport {
    for index in 0..<settings.schedule.imagesPerBatch {
      let draw = order.next()
      segmenter.load(data.images[draw.image.image], draw: draw, at: index)
    }
    let rate = settings.schedule.rates.rate(at: step, of: settings.schedule.steps)
    let losses = LossSummary(classification: try segmenter.accumulateGradients(loss))
    let norm = losses.total.isFinite ? optimizer.step(learningRate: rate) : .nan
    let report = StepReport(step: step, losses: losses, learningRate: rate, gradientNorm: norm)
    guard report.isFinite else { return report }
    tail.add(losses, step: step)
    step += 1
    return report
  }

  /// The segmenter as it is now.
  public var trained: TrainedSegmenter {
    TrainedSegmenter(
      settings: shape.settings, classes: data.classes, weights: segmenter.network.state,
      loss: tail.mean.classification)
  }

  /// Everything that a continuation needs: going on from it gives the same segmenter, bit for bit.
  public var state: SegmentationTrainingState {
    SegmentationTrainingState(
      step: step, weights: segmenter.network.state, optimizer: optimizer.state, order: order, tail: tail)
  }

  /// Takes over a state of a training with the same settings, data and seed.
  func restore(_ state: SegmentationTrainingState) throws(SegmenterError) {
    guard (0...settings.schedule.steps).contains(state.step), state.order.continues(order),
      state.tail.continues(tail)
    else { throw .state(problem: "the training to go on with had another schedule or other images") }
    try segmenter.restore(state.weights)
    do throws(NetworkError) {
      try optimizer.restore(state.optimizer, steps: state.step)
    } catch {
      throw .state(problem: error.description)
    }
    (step, order, tail) = (state.step, state.order, state.tail)
  }
}

/// Where the training of a segmenter stands between two steps.
public struct SegmentationTrainingState: Sendable {
  /// Steps done.
  public let step: Int
  /// Weights and running statistics, as in `TrainedSegmenter.weights`.
  public let weights: [Float]
  /// The optimizer's momentum, in the order of the weights.
  public let optimizer: [Float]
  /// Which crops come next: generators and the rest of the pass under way.
  let order: CropOrder
  let tail: LossTail
}

/// The weights that a training found, with the settings that give them a meaning.
public struct TrainedSegmenter: Sendable {
  public let settings: SegmenterSettings
  /// Names by label.
  public let classes: [String]
  /// All weights and running statistics, in an order fixed by `settings`; may start another training.
  public let weights: [Float]
  /// Mean loss over the last tenth of the steps.
  public let loss: Double

  public init(settings: SegmenterSettings, classes: [String], weights: [Float], loss: Double) {
    (self.settings, self.classes, self.weights, self.loss) = (settings, classes, weights, loss)
  }
}

/// How the training of a segmenter ended. Divergence is a result, not an error.
public enum SegmentationOutcome: Sendable {
  case completed(TrainedSegmenter)
  /// A loss or gradient was not finite at this step (from 0).
  case diverged(step: Int)
  /// The caller asked to stop before this step.
  case cancelled(step: Int)

  /// The segmenter when the training was completed; otherwise nil.
  public var segmenter: TrainedSegmenter? {
    if case .completed(let segmenter) = self { segmenter } else { nil }
  }
}
