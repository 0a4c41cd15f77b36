import CAllocations
import CPeak
import Foundation
import Losses
import Proxy
import Serving
import Surrogates

/// Training steps of one segmenter on one batch that is decoded beforehand.
final class SegmentRace {
  /// A segmenter and its batch as `compare` writes them; the keys are those of `peers/segmenters.py`.
  private struct Settings: Decodable {
    let batch, height, width, classes, stem, blocks, context, decoder: Int
    let stages, dilations: [Int]
    /// The stream of `words` that pixels and labels come from.
    let pixels: String
  }

  let summary: StepRace.Summary
  private let step: SegmentationStep
  private let batch: [SegmentationImage]

  init(file: String) throws {
    let s = try JSONDecoder().decode(Settings.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    batch = Self.images(s)
    step = try SegmentationStep(
      SegmenterSettings(
        stemChannels: s.stem, stageChannels: s.stages, blocksPerStage: s.blocks, contextChannels: s.context,
        dilations: s.dilations, decoderChannels: s.decoder),
      schedule: TrainingSettings(gradientLimit: 0), loss: SegmentationLossChoice.crossEntropy.makeLoss(),
      classes: s.classes, batch: s.batch, height: s.height, width: s.width)
    step.setWeights(StepInput.startValue)
    summary = StepRace.Summary(parameters: step.parameterCount, loss: try step.accumulateGradients(batch))
  }

  /// As `batch` in `peers/segmenters.py` makes them.
  private static func images(_ s: Settings) -> [SegmentationImage] {
    let count = s.height * s.width
    let bytes = StepInput.words(s.pixels, count: s.batch * count * 3).map { UInt8($0 >> 56) }
    let labels = StepInput.words(s.pixels + " labels", count: s.batch * count).map { word in
      word >> 60 == 0 ? LabelMap.ignored : UInt8((word >> 40) % UInt64(s.classes))
    }
    return (0..<s.batch).map { index in
      SegmentationImage(
        name: "\(index)",
        pixels: RGBImage(
          width: s.width, height: s.height, bytes: Array(bytes[(index * count * 3)..<((index + 1) * count * 3)])),
        labels: LabelMap(
          width: s.width, height: s.height, labels: Array(labels[(index * count)..<((index + 1) * count)])))
    }
  }

  /// `count` steps of forward, loss, backward and SGD.
  func run(count: Int) throws -> StepRace.Result {
    var seconds: [Double] = []
    seconds.reserveCapacity(count)
    var loss = 0.0
    let before = allocations_count()
    for _ in 0..<count {
      let start = ContinuousClock.now
      loss = try step.accumulateGradients(batch)
      step.update(learningRate: 0.001)
      seconds.append((ContinuousClock.now - start).seconds)
    }
    let after = allocations_count()
    let start = ContinuousClock.now
    for _ in 0..<count { step.load(batch) }
    let loading = (ContinuousClock.now - start).seconds / Double(count)
    return StepRace.Result(
      seconds: seconds, allocations: before < 0 ? -1 : (after - before) / Int64(count), loading: loading, loss: loss)
  }

  func layers() throws -> StepRace.Layers {
    _ = try run(count: 3)
    return StepRace.Layers(layers: try step.layerCosts(passes: 30), peak: peak_operations())
  }
}
