import Formulas
import GoldenData
import Losses
import Proxy
import Testing

/// The trainer as a whole, on a tiny detector and few synthetic scenes.
@Suite(.serialized) struct DetectionTrainerTests {
  static let detector = DetectorSettings(
    backbone: BackboneSettings(stemChannels: 8, stageChannels: [16, 24], blocksPerStage: 0, pyramidChannels: 24),
    proposals: ProposalSettings(
      anchorSizes: [[10, 20], [32, 56]], channels: 24, sampling: RandomSampler(count: 64, positiveShare: 0.5), kept: 32
    ),
    head: BoxHeadSettings(cells: 4, hidden: 48, sampling: RandomSampler(count: 32, positiveShare: 0.25)))

  static let quick = TrainingSettings(steps: 6, imagesPerBatch: 2, warmUpSteps: 2)

  static let scenes = Result {
    try DatasetReader.open(
      "synthetic",
      settings: DataSettings(
        height: 96, width: 128, synthetic: SyntheticSettings(trainImages: 24, validationImages: 8, holdOutImages: 2)))
  }

  private func losses(_ classification: String, _ boxes: String) throws -> DetectionLosses {
    DetectionLosses(
      classification: try LossReference.classification(classification, mode: .multiClass),
      regression: try LossReference.regression(boxes, mode: .multiClass))
  }

  private func weights(_ outcome: TrainingOutcome) throws -> [Float] {
    try #require(outcome.detector?.weights, "the training did not complete: \(outcome)")
  }

  @Test func theSameSeedGivesTheSameDetectorFreshOrReused() throws {
    let data = try Self.scenes.get().searchTrain
    let giou = try losses("cross-entropy", "giou")
    let l1 = try losses("cross-entropy", "l1")
    let reused = try DetectionTrainer(detector: Self.detector)
    let first = try reused.train(Self.quick, losses: giou, on: data, seed: 4)
    let between = try reused.train(Self.quick, losses: l1, on: data, seed: 9)
    let score = try reused.evaluate(try #require(between.detector), on: data)
    let again = try reused.train(Self.quick, losses: giou, on: data, seed: 4)
    let fresh = try DetectionTrainer(detector: Self.detector).train(Self.quick, losses: giou, on: data, seed: 4)
    let (a, b, c) = (try weights(first), try weights(again), try weights(fresh))
    #expect(a == b)
    #expect(a == c)
    let other = try weights(between)
    #expect(a != other)
    #expect(a.allSatisfy { $0.isFinite })
    #expect((0...1).contains(score.ap50))
  }

  @Test func trainersOnSeveralThreadsDoNotDisturbEachOther() async throws {
    let data = try Self.scenes.get().searchTrain
    let giou = try losses("cross-entropy", "giou")
    let alone = try weights(
      DetectionTrainer(detector: Self.detector).train(Self.quick, losses: giou, on: data, seed: 7))
    let together = try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<3 {
        group.addTask {
          let outcome = try DetectionTrainer(detector: Self.detector).train(
            Self.quick, losses: giou, on: data, seed: 7)
          return outcome.detector?.weights ?? []
        }
      }
      return try await group.reduce(into: [[Float]]()) { $0.append($1) }
    }
    for weights in together { #expect(weights == alone) }
  }

  /// The tiny detector of another kind, with the losses that fit it.
  private func other(_ kind: DetectorKind) throws -> (trainer: DetectionTrainer, losses: DetectionLosses) {
    var settings = Self.detector
    settings.kind = kind
    settings.oneStage = OneStageSettings(channels: 24)
    return (
      try DetectionTrainer(detector: settings),
      DetectionLosses(
        classification: try LossReference.classification("cross-entropy", mode: kind.classificationMode),
        regression: try LossReference.regression("giou", mode: kind.classificationMode))
    )
  }

  @Test(arguments: DetectorKind.allCases) func everyKindLearnsAFewScenesByHeart(kind: DetectorKind) throws {
    let data = try Self.scenes.get().searchTrain.subset(Array(0..<4))
    let (trainer, losses) = try other(kind)
    let settings = TrainingSettings(steps: 300, learningRate: 0.02, warmUpSteps: 20, flipProbability: 0)
    let outcome = try trainer.train(settings, losses: losses, on: data, seed: 1)
    let score = try trainer.evaluate(try #require(outcome.detector), on: data)
    #expect(score.ap50 > 0.5, "\(kind) \(score)")
    #expect(score.masks.map { $0.ap50 > 0.4 } ?? !kind.findsMasks, "\(kind) \(score)")
  }

  @Test func masksAreLearnedFromMasksAlone() throws {
    let full = try Self.scenes.get().searchTrain
    let first = full.images[1]
    let bare = DetectionImage(
      id: first.id, name: first.name, pixels: first.pixels, placement: first.placement, boxes: first.boxes,
      labels: first.labels, isCrowd: first.isCrowd, areas: first.areas, originalBoxes: first.originalBoxes)
    let data = DetectionDataset(
      classes: full.classes, categoryIDs: full.categoryIDs, images: [full.images[0], bare])
    let (trainer, losses) = try other(.maskRCNN)
    #expect {
      _ = try trainer.train(Self.quick, losses: losses, on: data, seed: 1)
    } throws: { "\($0)".contains("\(first.name): object 1") && "\($0)".contains("has no mask") }
    _ = try other(.fasterRCNN).trainer.train(Self.quick, losses: losses, on: data, seed: 1)
  }

  @Test(arguments: DetectorKind.allCases) func everyKindTrainsAlikeFreshOrReused(kind: DetectorKind) throws {
    let data = try Self.scenes.get().searchTrain
    let (reused, losses) = try other(kind)
    let first = try weights(reused.train(Self.quick, losses: losses, on: data, seed: 4))
    _ = try reused.train(Self.quick, losses: losses, on: data, seed: 9)
    let again = try weights(reused.train(Self.quick, losses: losses, on: data, seed: 4))
    let fresh = try weights(other(kind).trainer.train(Self.quick, losses: losses, on: data, seed: 4))
    #expect(first == again && first == fresh && first.allSatisfy { $0.isFinite })
  }

  @Test func aLossOfAnotherModeIsRefused() throws {
    let data = try Self.scenes.get().searchTrain
    let twoStage = try losses("cross-entropy", "giou")
    for kind in DetectorKind.allCases where kind.classificationMode == .binaryClass {
      #expect(throws: DetectorError.self) {
        try other(kind).trainer.train(Self.quick, losses: twoStage, on: data, seed: 1)
      }
    }
  }

  @Test func itLearnsAFewScenesByHeart() throws {
    let data = try Self.scenes.get().searchTrain.subset(Array(0..<4))
    let trainer = try DetectionTrainer(detector: Self.detector)
    let settings = TrainingSettings(steps: 200, warmUpSteps: 20, flipProbability: 0)
    let early = try trainer.train(
      TrainingSettings(steps: 20, warmUpSteps: 20, flipProbability: 0),
      losses: losses("cross-entropy", "l1"), on: data, seed: 1)
    let outcome = try trainer.train(settings, losses: losses("cross-entropy", "l1"), on: data, seed: 1)
    let (before, after) = (try #require(early.detector).losses, try #require(outcome.detector).losses)
    #expect(after.total < 0.5 * before.total, "losses \(before) then \(after)")
    let score = try trainer.evaluate(try #require(outcome.detector), on: data)
    #expect(score.ap50 > 0.5, "\(score)")
  }

  @Test func imagesWithoutBoxesAreTrainedOn() throws {
    let full = try Self.scenes.get().searchTrain
    let empty = DetectionDataset(
      classes: full.classes, categoryIDs: full.categoryIDs,
      images: full.images.prefix(3).map {
        DetectionImage(
          id: $0.id, name: $0.name, pixels: $0.pixels, placement: $0.placement, boxes: [], labels: [], isCrowd: [],
          areas: [], originalBoxes: [])
      })
    let trainer = try DetectionTrainer(detector: Self.detector)
    for boxes in ["l1", "smooth-l1", "giou", "cse-autoloss-a"] {
      let outcome = try trainer.train(
        Self.quick, losses: losses("cross-entropy", boxes), on: empty, seed: 1)
      let trained = try #require(outcome.detector, "\(boxes): \(outcome)")
      #expect(trained.losses.boxes == 0 && trained.losses.proposalBoxes == 0 && trained.losses.total.isFinite)
      #expect(try trainer.evaluate(trained, on: empty).ap50 == 0)
    }
  }

  @Test func divergenceIsAnOutcome() throws {
    let data = try Self.scenes.get().searchTrain
    let trainer = try DetectionTrainer(detector: Self.detector)
    let outcome = try trainer.train(
      Self.quick, losses: losses("Neg(Dot(Y,Log(Neg(Softmax(X)))))", "l1"), on: data, seed: 1)
    guard case .diverged(let step) = outcome else {
      Issue.record("not diverged: \(outcome)")
      return
    }
    #expect(step == 0)
    let healthy = try trainer.train(Self.quick, losses: losses("cross-entropy", "l1"), on: data, seed: 1)
    let finite = try weights(healthy).allSatisfy { $0.isFinite }
    #expect(finite, "a diverged training must leave nothing behind")
  }

  @Test func cancellationStopsBeforeTheNextStep() throws {
    let data = try Self.scenes.get().searchTrain
    var asked = 0
    let outcome = try DetectionTrainer(detector: Self.detector).train(
      Self.quick, losses: losses("cross-entropy", "l1"), on: data, seed: 1,
      isCancelled: {
        asked += 1
        return asked > 3
      })
    guard case .cancelled(step: 3) = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test func aWarmStartTakesTheWeightsAndRefusesOthers() throws {
    let data = try Self.scenes.get().searchTrain
    let trainer = try DetectionTrainer(detector: Self.detector)
    let l1 = try losses("cross-entropy", "l1")
    let start = try weights(try trainer.train(Self.quick, losses: l1, on: data, seed: 1))
    let warm = try weights(try trainer.train(Self.quick, losses: l1, on: data, seed: 2, initialWeights: start))
    let cold = try weights(try trainer.train(Self.quick, losses: l1, on: data, seed: 2))
    #expect(warm != cold)
    #expect(throws: DetectorError.weightCount(given: 3, needed: start.count)) {
      try trainer.train(Self.quick, losses: l1, on: data, seed: 2, initialWeights: [1, 2, 3])
    }
  }

  @Test func contradictionsAreNamed() throws {
    var bad = DetectorSettings.standard
    bad.proposals.anchorSizes = [[10]]
    #expect(throws: DetectorError.self) { try DetectionTrainer(detector: bad) }
    var training = TrainingSettings.verify
    training.warmUpSteps = training.steps + 1
    let data = try Self.scenes.get().searchTrain
    let trainer = try DetectionTrainer(detector: Self.detector)
    let l1 = try losses("cross-entropy", "l1")
    #expect {
      _ = try trainer.train(training, losses: l1, on: data, seed: 1)
    } throws: { "\($0)".contains("warmUpSteps") }
    #expect {
      _ = try trainer.train(Self.quick, losses: l1, on: data.subset([]), seed: 1)
    } throws: { "\($0)".contains("no images") }
  }

  @Test func otherArchitecturesTrain() throws {
    let data = try Self.scenes.get().searchTrain.subset(Array(0..<4))
    var grouped = Self.detector
    grouped.backbone.normalization = .group
    grouped.backbone.blocksPerStage = 1
    // Three stages: strides 8 and 16, where 96 × 128 gives 12 × 16 and 6 × 8 cells.
    var deep = Self.detector
    deep.backbone.stageChannels = [16, 16, 24]
    deep.proposals.anchorRatios = [0.5, 1, 2]
    deep.head.samples = 0
    for detector in [grouped, deep] {
      let trainer = try DetectionTrainer(detector: detector)
      let outcome = try trainer.train(Self.quick, losses: losses("cross-entropy", "giou"), on: data, seed: 1)
      let trained = try #require(outcome.detector, "\(outcome)")
      #expect(trained.losses.total.isFinite && trained.losses.boxes > 0)
      #expect(try trainer.evaluate(trained, on: data).ap50 >= 0)
    }
  }

  @Test func anInputThatNoStrideDividesWorks() throws {
    let odd = try DatasetReader.open(
      "synthetic",
      settings: DataSettings(
        height: 75, width: 101, synthetic: SyntheticSettings(trainImages: 6, validationImages: 3, holdOutImages: 1)))
    let trainer = try DetectionTrainer(detector: Self.detector)
    let outcome = try trainer.train(Self.quick, losses: losses("cross-entropy", "l1"), on: odd.searchTrain, seed: 1)
    #expect(try trainer.detect(try #require(outcome.detector), in: odd.searchValidation).count == 3)
  }

  @Test(.enabled(if: realDataFolder("bccd") != nil, "the data set bccd is not beside the checkout"))
  func itLearnsBloodCells() throws {
    let folder = try #require(realDataFolder("bccd"))
    let splits = try DatasetReader.open(folder.path)
    let trainer = try DetectionTrainer(detector: .standard)
    let outcome = try trainer.train(
      TrainingSettings(steps: 200), losses: losses("cross-entropy", "l1"), on: splits.searchTrain, seed: 1)
    let score = try trainer.evaluate(try #require(outcome.detector), on: splits.searchValidation)
    #expect(score.ap50 > 0.4, "\(score)")
  }
}
