import Foundation
import Losses
import Proxy
import Randomness
import Testing

/// A training that goes on from a checkpoint ends as the one that was never interrupted, bit for bit.
@Suite(.serialized) struct CheckpointTests {
  static let settings = TrainingSettings(
    steps: 9, imagesPerBatch: 2, warmUpSteps: 2, colorJitter: 0.2, largestZoom: 1.5)

  static func trainer(_ kind: DetectorKind, _ normalization: Normalization = .batch) throws -> DetectionTrainer {
    var detector = DetectionTrainerTests.detector
    detector.kind = kind
    detector.oneStage = OneStageSettings(channels: 24)
    detector.backbone.normalization = normalization
    return try DetectionTrainer(detector: detector)
  }

  static func losses(_ kind: DetectorKind) throws -> DetectionLosses {
    DetectionLosses(
      classification: try LossReference.classification("cross-entropy", mode: kind.classificationMode),
      regression: try LossReference.regression("giou", mode: kind.classificationMode))
  }

  /// The checkpoint after some steps.
  static func checkpoint(
    _ kind: DetectorKind, steps: Int, normalization: Normalization = .batch
  ) throws -> Checkpoint {
    let training = try trainer(kind, normalization).begin(
      settings, losses: losses(kind), on: DetectionTrainerTests.scenes.get().searchTrain, seed: 5)
    for _ in 0..<steps { _ = try training.advance() }
    return Checkpoint(training, origin: "test")
  }

  @Test(arguments: DetectorKind.allCases) func goingOnEndsAsTheWholeTraining(kind: DetectorKind) throws {
    let data = try DetectionTrainerTests.scenes.get().searchTrain
    let losses = try Self.losses(kind)
    let whole = try #require(
      try Self.trainer(kind).train(Self.settings, losses: losses, on: data, seed: 5).detector)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("c.safetensors")
    for steps in [0, 1, 4, 8, 9] {
      try Self.checkpoint(kind, steps: steps).write(to: file)
      let read = try Checkpoint(contentsOf: file)
      #expect(read.state.step == steps && read.detector.kind == kind && read.classes == data.classes)
      #expect(read.losses == losses && read.training == Self.settings && read.dataHash == data.contentHash)
      let training = try Self.trainer(kind).begin(
        read.training, losses: read.losses, on: data, seed: read.seed, from: read.state)
      while !training.isFinished { _ = try training.advance() }
      #expect(training.trained.weights == whole.weights, "\(kind), from step \(steps)")
      #expect(training.trained.losses == whole.losses, "\(kind), from step \(steps)")
    }
  }

  @Test func scoringBetweenStepsChangesNothing() throws {
    let data = try DetectionTrainerTests.scenes.get().searchTrain
    let trainer = try Self.trainer(.fasterRCNN)
    let training = try trainer.begin(Self.settings, losses: Self.losses(.fasterRCNN), on: data, seed: 5)
    while !training.isFinished {
      _ = try training.advance()
      _ = try trainer.evaluate(training.trained, on: data.subset([0, 1, 2]), imagesPerBatch: 2)
    }
    let whole = try Self.trainer(.fasterRCNN).train(
      Self.settings, losses: Self.losses(.fasterRCNN), on: data, seed: 5)
    #expect(training.trained.weights == whole.detector?.weights)
  }

  @Test func aStateOfAnotherTrainingIsRefused() throws {
    let data = try DetectionTrainerTests.scenes.get().searchTrain
    let state = try Self.checkpoint(.fasterRCNN, steps: 3).state
    let losses = try Self.losses(.fasterRCNN)
    var shorter = Self.settings
    shorter.steps = 2
    let trainer = try Self.trainer(.fasterRCNN)
    #expect(throws: DetectorError.self) { try trainer.begin(shorter, losses: losses, on: data, seed: 5, from: state) }
    #expect(throws: DetectorError.self) {
      try trainer.begin(Self.settings, losses: losses, on: data.subset([0, 1]), seed: 5, from: state)
    }
    #expect(throws: DetectorError.self) {
      try Self.trainer(.fasterRCNN, .group).begin(Self.settings, losses: losses, on: data, seed: 5, from: state)
    }
  }

  @Test func tensorsHaveNamesAndShapesForOtherPrograms() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("c.safetensors")
    try Self.checkpoint(.fcos, steps: 1).write(to: file)
    let tensors = try TensorFile(contentsOf: file).tensors
    let stem = try #require(tensors.first { $0.name == "stem.weight" })
    #expect(stem.shape == [8, 3, 3, 3])
    for name in ["stem.norm.weight", "stem.norm.running_mean", "stem.norm.running_var"] {
      #expect(tensors.contains { $0.name == name && $0.shape == [8] }, "\(name)")
    }
    #expect(tensors.contains { $0.name == "optimizer.momentum.stem.weight" && $0.shape == stem.shape })
    #expect(Set(tensors.map(\.name)).count == tensors.count)
  }

  /// Damage of a single byte, or a file that ends early, is an error or (in a blank) no change; never a crash.
  @Test func damagedFilesAreRefused() throws {
    let whole = try Self.checkpoint(.fasterRCNN, steps: 2)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("c.safetensors")
    try whole.write(to: file)
    let bytes = [UInt8](try Data(contentsOf: file))
    var generator = SeededGenerator(seed: 3)
    for round in 0..<300 {
      var changed = bytes
      let isInHeader = round % 2 == 0
      let place = Int(generator.next() % UInt64(isInHeader ? 3000 : bytes.count))
      if round % 5 == 0 {
        changed.removeLast(bytes.count - place)
      } else {
        changed[place] ^= 1 << UInt8(generator.next() % 8)
      }
      try Data(changed).write(to: file)
      do throws(CheckpointError) {
        let read = try Checkpoint(contentsOf: file)
        #expect(read.state.weights == whole.state.weights, "seed 3, round \(round), byte \(place)")
      } catch {
        #expect(error.description.contains(file.path), "\(error)")
      }
    }
  }
}
