import Foundation
import Losses
import Proxy
import Reporting
import RunStore
import Search
import Surrogates
import Testing

/// Real trainings of a tiny segmenter: what they read, that they repeat, and that they stop when asked.
@Suite struct SegmentationEvaluatorTests {
  private static func space() throws -> SurrogateSpace {
    try SearchSpaceFile.named("segmentation-miou").resolvedSurrogate(overrides: [
      "segmenter={stemChannels: 8, stageChannels: [8, 8], blocksPerStage: 0, contextChannels: 8, dilations: [2], decoderChannels: 8}",
      "data.synthetic={trainImages: 6, validationImages: 3, holdOutImages: 3}",
      "training.proxy={schedule: {steps: 3, imagesPerBatch: 2, warmUpSteps: 1}, crop: 64}",
      "training.final={schedule: {steps: 3, imagesPerBatch: 2, warmUpSteps: 1}, crop: 64}",
      "search={generations: 2, samplesPerGeneration: 3}",
      "selection={promotedThetas: 1, promotionSeeds: 1, finalSeeds: 1}",
    ])
  }

  private static func splits(_ space: SurrogateSpace) throws -> SegmentationSplits {
    try SegmentationReader.open("synthetic", settings: space.data, cache: nil)
  }

  /// The same train and validation images with a hold-out that cannot be scored.
  private static func withoutHoldOut(_ splits: SegmentationSplits) -> SegmentationSplits {
    SegmentationSplits(
      name: splits.name, searchTrain: splits.searchTrain, searchValidation: splits.searchValidation,
      holdOut: SegmentationDataset(classes: splits.classes, images: []))
  }

  private static func evaluate(
    _ request: SurrogateRequest, _ splits: SegmentationSplits, stopped: Bool = false
  ) throws -> ScoreOutcome {
    try SegmentationEvaluatorSource(space(), splits: splits).makeEvaluator().evaluate(request) { stopped }
  }

  @Test func rewardsDoNotDependOnTheHoldOut() throws {
    let splits = try Self.splits(Self.space())
    let losses: [SegmentationLossChoice] = [.crossEntropy, .surrogate(.published(.meanIoU))]
    for loss in losses {
      let reward = SurrogateRequest(loss: loss, purpose: .proxy, seed: 4)
      let first = try Self.evaluate(reward, splits)
      guard case .measured(let metrics) = first else {
        Issue.record("\(loss): \(first)")
        continue
      }
      #expect(metrics.count == SegmentationMetric.allCases.count)
      #expect(try Self.evaluate(reward, Self.withoutHoldOut(splits)) == first)
      let final = SurrogateRequest(loss: loss, purpose: .holdOut, seed: 4)
      #expect(throws: SegmenterError.self) { _ = try Self.evaluate(final, Self.withoutHoldOut(splits)) }
    }
  }

  /// A search on data whose hold-out cannot be read collects every reward, and ends only where the hold-out is scored.
  @Test func aSearchReadsTheHoldOutOnlyAtTheEnd() throws {
    try withScratchFolder { scratch in
      let space = try Self.space()
      let configuration = SurrogateConfiguration(program: "test", data: "synthetic", seed: 2, space: space)
      let splits = try Self.withoutHoldOut(Self.splits(space))
      let folder = scratch.appendingPathComponent("run")
      let search = try SurrogateSearch(
        configuration, store: SearchStore.create(folder, configuration, dataHash: splits.contentHash),
        source: SegmentationEvaluatorSource(space, splits: splits), workers: 2, cache: nil,
        progress: ProgressReporter(style: .silent, write: { _ in }), cancellation: Cancellation())
      #expect(throws: SegmenterError.self) { _ = try search.run() }
      let purposes = try RunStore.read(folder).scores().values.map(\.purpose)
      // Two generations of three, the last mean, cross entropy.
      #expect(purposes.count == 8 && purposes.allSatisfy { $0 == "proxy" }, "\(purposes)")
    }
  }

  @Test func aStopEndsATraining() throws {
    let splits = try Self.splits(Self.space())
    let request = SurrogateRequest(loss: .crossEntropy, purpose: .proxy, seed: 1)
    #expect(throws: Interrupted.self) { _ = try Self.evaluate(request, splits, stopped: true) }
  }

  @Test func theContextNamesWhatDecidesAnOutcome() throws {
    var space = try Self.space()
    let splits = try Self.splits(space)
    let before = try SegmentationEvaluatorSource(space, splits: splits).context
    space.search.generations += 1
    #expect(try SegmentationEvaluatorSource(space, splits: splits).context == before)
    space.training.proxy.schedule.steps += 1
    #expect(try SegmentationEvaluatorSource(space, splits: splits).context != before)
  }
}
