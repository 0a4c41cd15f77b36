import Foundation
import Losses
import Proxy
import Randomness
import Testing

/// The trainer as a whole, on a tiny segmenter and few synthetic scenes.
@Suite(.serialized) struct SegmentationTrainerTests {
  static let segmenter = SegmenterSettings(
    stemChannels: 8, stageChannels: [16, 16], blocksPerStage: 0, contextChannels: 16, dilations: [2],
    decoderChannels: 16)
  static let quick = SegmentationTrainingSettings(
    schedule: TrainingSettings(steps: 6, imagesPerBatch: 2, learningRate: 0.05, warmUpSteps: 2), crop: 32)

  static let scenes = Result {
    try SegmentationReader.open(
      "synthetic",
      settings: SegmentationDataSettings(
        synthetic: SyntheticSettings(trainImages: 12, validationImages: 5, holdOutImages: 2)), cache: nil)
  }

  private func weights(_ outcome: SegmentationOutcome) throws -> [Float] {
    try #require(outcome.segmenter?.weights, "the training did not complete: \(outcome)")
  }

  @Test func theSameSeedGivesTheSameSegmenterFreshOrReused() throws {
    let data = try Self.scenes.get().searchTrain
    let reused = try SegmentationTrainer(Self.segmenter)
    func train(_ trainer: SegmentationTrainer, seed: UInt64) throws -> [Float] {
      try weights(trainer.train(Self.quick, loss: PlainCrossEntropy(), on: data, seed: seed))
    }
    let (first, other, again) = (try train(reused, seed: 4), try train(reused, seed: 9), try train(reused, seed: 4))
    #expect(first == again && first != other && first.allSatisfy { $0.isFinite })
    #expect(try train(try SegmentationTrainer(Self.segmenter), seed: 4) == first)
  }

  @Test func trainersOnSeveralThreadsDoNotDisturbEachOther() async throws {
    let data = try Self.scenes.get().searchTrain
    func train() throws -> [Float] {
      try weights(
        SegmentationTrainer(Self.segmenter).train(Self.quick, loss: PlainCrossEntropy(), on: data, seed: 7))
    }
    let alone = try train()
    let together = try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<3 { group.addTask { try train() } }
      return try await group.reduce(into: [[Float]]()) { $0.append($1) }
    }
    #expect(together.allSatisfy { $0 == alone })
  }

  @Test func aContinuationEndsWithTheSameBits() throws {
    let data = try Self.scenes.get().searchTrain
    let trainer = try SegmentationTrainer(Self.segmenter)
    let whole = try weights(trainer.train(Self.quick, loss: PlainCrossEntropy(), on: data, seed: 3))
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("seed-3.safetensors")
    let half = try trainer.begin(Self.quick, loss: PlainCrossEntropy(), on: data, seed: 3)
    for _ in 0..<3 { #expect(try half.advance().isFinite) }
    try SegmenterCheckpoint(half, loss: "ce", origin: "test").write(to: file)
    let read = try SegmenterCheckpoint(contentsOf: file)
    #expect(read.training == Self.quick && read.segmenter == Self.segmenter && read.loss == "ce" && read.seed == 3)
    #expect(read.classes == data.classes && read.dataHash == data.contentHash && !read.isFinished)
    let rest = try SegmentationTrainer(Self.segmenter)
      .begin(Self.quick, loss: PlainCrossEntropy(), on: data, seed: 3, from: read.state)
    while !rest.isFinished { #expect(try rest.advance().isFinite) }
    #expect(rest.trained.weights == whole)
    // What was trained finds the same labels after it was written and read.
    try SegmenterCheckpoint(rest, loss: "ce").write(to: file)
    let finished = try SegmenterCheckpoint(contentsOf: file)
    #expect(finished.isFinished && finished.trained.weights == whole)
    var other = Self.quick
    other.crop = 64
    #expect(throws: SegmenterError.self) {
      try trainer.begin(other, loss: PlainCrossEntropy(), on: data, seed: 3, from: read.state)
    }
  }

  @Test func damagedCheckpointsAreRefusedInWords() throws {
    let data = try Self.scenes.get().searchTrain
    let training = try SegmentationTrainer(Self.segmenter)
      .begin(Self.quick, loss: PlainCrossEntropy(), on: data, seed: 1)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("c.safetensors")
    try SegmenterCheckpoint(training, loss: "ce").write(to: file)
    let bytes = [UInt8](try Data(contentsOf: file))
    var generator = SeededGenerator(seed: 3)
    for round in 0..<200 {
      var changed = bytes
      let place = generator.integer(in: 0...(round % 2 == 0 ? 3000 : bytes.count - 1))
      if round % 5 == 0 {
        changed.removeLast(bytes.count - place)
      } else {
        changed[place] ^= 1 << UInt8(generator.integer(in: 0...7))
      }
      try Data(changed).write(to: file)
      do throws(CheckpointError) {
        let read = try SegmenterCheckpoint(contentsOf: file)
        #expect(read.state.weights == training.state.weights, "seed 3, round \(round), byte \(place)")
      } catch {
        #expect(error.description.contains(file.path), "\(error)")
      }
    }
    // A detector's checkpoint is none of a segmenter.
    #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: file) }
  }

  @Test func itLearnsWhatIsPlain() throws {
    // Bright squares on a dark ground; the label is the square.
    var generator = SeededGenerator(seed: 8)
    let images = (0..<8).map { number in
      let (left, top) = (generator.integer(in: 4...20), generator.integer(in: 4...20))
      func inside(_ place: Int) -> Bool {
        (left..<left + 16).contains(place % 40) && (top..<top + 16).contains(place / 40)
      }
      return SegmentationImage(
        name: "\(number)",
        pixels: RGBImage(
          width: 40, height: 40,
          bytes: (0..<1600).flatMap { place in [UInt8](repeating: inside(place) ? 200 : 50, count: 3) }),
        labels: LabelMap(width: 40, height: 40, labels: (0..<1600).map { inside($0) ? 1 : 0 }))
    }
    let data = SegmentationDataset(classes: ["ground", "square"], images: images)
    let trainer = try SegmentationTrainer(Self.segmenter)
    let outcome = try trainer.train(
      Self.quick.with(steps: 60), loss: PlainCrossEntropy(), on: data, seed: 1)
    let trained = try #require(outcome.segmenter)
    var (right, all) = (0, 0)
    var seen: [Int] = []
    try trainer.segment(trained, in: data) { (image: Int, found: LabelMap) throws(Never) in
      seen.append(image)
      right += zip(found.labels, data.images[image].labels.labels).filter { $0 == $1 }.count
      all += found.labels.count
    }
    #expect(seen == Array(0..<8))
    #expect(Double(right) / Double(all) > 0.93, "\(right) of \(all), loss \(trained.loss)")
  }

  /// Noise of one brightness, so that a picture's mean tells it from others, and from what pads it.
  private func noise(width: Int, height: Int, seed: UInt64) -> SegmentationImage {
    var generator = SeededGenerator(seed: seed)
    let brightness = generator.integer(in: 20...200)
    let places = width * height
    let labels = (0..<places).map { _ in UInt8(generator.integer(in: 0...2)) }
    return SegmentationImage(
      name: "\(seed)",
      pixels: RGBImage(
        width: width, height: height,
        bytes: (0..<3 * places).map { UInt8(brightness + 12 * Int(labels[$0 / 3]) + generator.integer(in: 0...30)) }),
      labels: LabelMap(width: width, height: height, labels: labels))
  }

  /// What is found in a picture depends on it alone, not on the other pictures and sizes of the split.
  @Test func aPictureIsSegmentedAloneAsInAnySplit() throws {
    let sizes = [(40, 40), (24, 57), (40, 40), (57, 24), (9, 70), (16, 16), (1, 3), (24, 57)]
    let images = sizes.enumerated().map { noise(width: $1.0, height: $1.1, seed: UInt64($0)) }
    let data = SegmentationDataset(classes: ["a", "b", "c"], images: images)
    let trainer = try SegmentationTrainer(Self.segmenter)
    let trained = try #require(
      try trainer.train(Self.quick.with(steps: 12), loss: PlainCrossEntropy(), on: data, seed: 2).segmenter)
    func found(_ indices: [Int], _ trainer: SegmentationTrainer) throws -> [Int: LabelMap] {
      var maps: [Int: LabelMap] = [:]
      try trainer.segment(trained, in: data.subset(indices)) { (image: Int, found: LabelMap) throws(Never) in
        maps[indices[image]] = found
      }
      return maps
    }
    let together = try found(Array(sizes.indices), trainer)
    #expect(together.count == sizes.count)
    #expect(together.values.contains { Set($0.labels).count > 1 }, "every map is of one class: nothing is tested")
    #expect(try found(sizes.indices.reversed(), SegmentationTrainer(Self.segmenter)) == together)
    for index in sizes.indices {
      #expect(together[index]?.width == sizes[index].0 && together[index]?.height == sizes[index].1)
      #expect(try found([index], trainer)[index] == together[index], "picture \(index), \(sizes[index])")
    }
  }

  /// More sizes than networks are kept.
  @Test func anyNumberOfSizesIsSegmented() throws {
    let images = (0..<30).map { noise(width: 8 + 8 * $0, height: 24, seed: UInt64($0)) }
    let data = SegmentationDataset(classes: ["a", "b", "c"], images: images)
    let trainer = try SegmentationTrainer(Self.segmenter)
    let training = try trainer.begin(Self.quick, loss: PlainCrossEntropy(), on: data, seed: 2)
    var scores: [[UInt8]] = []
    for _ in 0..<2 {
      var labels: [UInt8] = []
      try trainer.segment(training.trained, in: data) { (_: Int, found: LabelMap) throws(Never) in
        labels += found.labels
      }
      #expect(labels.count == images.reduce(0) { $0 + $1.width * $1.height })
      scores.append(labels)
    }
    #expect(scores[0] == scores[1] && training.step == 0)
    #expect(try training.advance().isFinite)
  }

  /// Always infinite, or nan with or without a gradient.
  private final class StrangeLoss: SegmentationLoss {
    let value: Float
    let slope: Float

    init(value: Float, slope: Float) { (self.value, self.slope) = (value, slope) }

    func evaluate(
      logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
      gradient: UnsafeMutablePointer<Float>?
    ) -> Float {
      gradient?.update(repeating: slope, count: shape.logitCount)
      return value
    }
  }

  @Test func divergenceIsAResultAndAnUndefinedBatchIsPassedOver() throws {
    let data = try Self.scenes.get().searchTrain
    let trainer = try SegmentationTrainer(Self.segmenter)
    for (value, slope) in [(Float.infinity, Float(1)), (.nan, 1), (1, .nan)] {
      let outcome = try trainer.train(
        Self.quick, loss: StrangeLoss(value: value, slope: slope), on: data, seed: 1)
      guard case .diverged(step: 0) = outcome else {
        Issue.record("value \(value), slope \(slope): \(outcome)")
        continue
      }
    }
    let outcome = try trainer.train(Self.quick, loss: StrangeLoss(value: .nan, slope: 0), on: data, seed: 1)
    #expect(outcome.segmenter?.loss == 0)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let data = try Self.scenes.get().searchTrain
    let trainer = try SegmentationTrainer(Self.segmenter)
    func refused(_ change: (inout SegmentationTrainingSettings) -> Void) -> String {
      var settings = Self.quick
      change(&settings)
      do throws(SegmenterError) {
        _ = try trainer.begin(settings, loss: PlainCrossEntropy(), on: data, seed: 1)
        return "nothing"
      } catch {
        return error.description
      }
    }
    #expect(refused { $0.crop = 36 }.contains("crop"))
    #expect(refused { $0.smallestScale = 3 }.contains("smallestScale"))
    #expect(refused { $0.schedule.largestZoom = 2 }.contains("set smallestScale and largestScale"))
    #expect(refused { $0.schedule.steps = 0 } == "segmenter setting steps: must lie in 1 ... 1000000")
    #expect(throws: SegmenterError.self) { try SegmentationTrainer(SegmenterSettings(dilations: [0])) }
    #expect(throws: SegmenterError.self) { try SegmentationTrainer(SegmenterSettings(stageChannels: [16])) }
    #expect(throws: SegmenterError.self) {
      try trainer.train(
        Self.quick, loss: PlainCrossEntropy(), on: SegmentationDataset(classes: ["a", "b"], images: []), seed: 1)
    }
    let trained = try #require(
      try trainer.train(Self.quick.with(steps: 1), loss: PlainCrossEntropy(), on: data, seed: 1).segmenter)
    let renamed = SegmentationDataset(classes: data.classes.reversed(), images: data.images)
    #expect(throws: SegmenterError.self) {
      try trainer.segment(trained, in: renamed) { (_: Int, _: LabelMap) throws(Never) in }
    }
  }
}
