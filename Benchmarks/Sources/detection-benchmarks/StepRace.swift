import CAllocations
import CPeak
import Foundation
import Networks
import Proxy
import Serving

/// Training steps of one detector on one batch that is decoded beforehand.
final class StepRace {
  /// What was built, and the loss of the first step from the common start weights.
  struct Summary: Encodable {
    let parameters: Int
    let loss: Double
  }

  /// What some steps took.
  struct Result: Encodable {
    let seconds: [Double]
    /// Calls of the allocator by a step; -1 where they cannot be counted.
    let allocations: Int64
    /// Seconds of a step until the batch lies in the network's input.
    let loading: Double
    /// The last step's loss.
    let loss: Double
  }

  /// The layers of the network and what this core can do at most.
  struct Layers: Encodable {
    let layers: [LayerCost]
    /// Multiplications and additions a second of fused multiply-adds in registers.
    let peak: Double
  }

  let summary: Summary
  private let training: TrainingStep
  private let batch: [DetectionImage]
  private var step = 0

  init(file: String) throws {
    let input = try StepInput(file: file)
    let settings = input.settings
    batch = input.batch
    training = try TrainingStep(
      input.detector, training: TrainingSettings(imagesPerBatch: settings.batch, gradientLimit: 0),
      losses: input.losses(), classes: settings.classes, batch: settings.batch, height: settings.height,
      width: settings.width)
    training.setWeights(StepInput.startValue)
    summary = Summary(
      parameters: training.parameterCount, loss: try training.accumulateGradients(batch, step: 0).total)
  }

  /// `count` steps of forward, losses, backward and SGD.
  func run(count: Int) throws -> Result {
    var seconds: [Double] = []
    seconds.reserveCapacity(count)
    var (loss, loading) = (0.0, 0.0)
    let before = allocations_count()
    for _ in 0..<count {
      let start = ContinuousClock.now
      loss = try training.accumulateGradients(batch, step: step).total
      training.update(learningRate: 0.001)
      seconds.append((ContinuousClock.now - start).seconds)
      step += 1
    }
    let after = allocations_count()
    let start = ContinuousClock.now
    for _ in 0..<count { training.load(batch) }
    loading = (ContinuousClock.now - start).seconds / Double(count)
    return Result(
      seconds: seconds, allocations: before < 0 ? -1 : (after - before) / Int64(count), loading: loading, loss: loss)
  }

  func layers() throws -> Layers {
    _ = try run(count: 3)
    return Layers(layers: try training.layerCosts(passes: 30), peak: peak_operations())
  }
}
