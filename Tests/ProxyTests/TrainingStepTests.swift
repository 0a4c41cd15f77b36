import Formulas
import GoldenData
import Losses
import Networks
import Proxy
import Testing

#if canImport(AllocationCounting)
  import AllocationCounting
#endif

/// Whole training steps against PyTorch from the same weights and batch (Tests/Recorded/training_steps.py).
///
/// The reference is computed in float64. PyTorch's own float32 gradients are off by up to 3e-6 of each parameter's largest;
/// ours may be by 5e-5, as Winograd's convolutions round some ten times coarser.
@Suite struct TrainingStepTests {
  static let tolerance: Float = 5e-5

  @Test func theFileHasEveryDetector() throws {
    #expect(
      try RecordedTraining.rows().map(\.name) == ["fcos", "atss", "faster-rcnn", "cascade-rcnn", "mask-rcnn"])
    #expect(Set(try RecordedTraining.rows().map(\.name)) == Set(DetectorKind.allCases.map(\.rawValue)))
  }

  @Test(arguments: 0..<5) func lossesAndGradientsAreThoseOfPyTorch(index: Int) throws {
    let recorded = try RecordedTraining.rows()[index]
    let training = try recorded.training()
    let found = try training.accumulateGradients(try recorded.images(), step: 0)
    let parts = [
      ("objectness", found.objectness), ("proposalBoxes", found.proposalBoxes),
      ("classification", found.classification), ("boxes", found.boxes), ("centerness", found.centerness),
      ("masks", found.masks),
    ]
    for (name, value) in parts {
      let wanted = recorded.row["losses"][name].doubles.first ?? 0
      #expect(abs(value - wanted) <= 2e-6 * max(wanted, 1), "\(recorded.name) \(name): \(value), PyTorch \(wanted)")
    }
    let gradients = try recorded.gradients()
    #expect(gradients.count == training.parameters.entries.count)
    for (name, wanted) in gradients {
      let entry = try #require(training.parameters[name], "\(recorded.name) has no \(name)")
      let problem = disagreement(Array(training.parameters.gradients[entry.range]), wanted, tolerance: Self.tolerance)
      #expect(problem == nil, "\(recorded.name) \(name): \(problem ?? "")")
    }
  }

  /// The compatibility option reaches the head and changes the box loss alone.
  @Test(arguments: 0..<2) func collapsedBoxWeightsChangeTheBoxLossAlone(index: Int) throws {
    let recorded = try RecordedTraining.rows()[index]
    let images = try recorded.images()
    let usual = try recorded.training().accumulateGradients(images, step: 0)
    let collapsed = try recorded.training(collapsesBoxWeights: true).accumulateGradients(images, step: 0)
    #expect(collapsed.classification == usual.classification && collapsed.centerness == usual.centerness)
    #expect(abs(collapsed.boxes - usual.boxes) > 0.01 * usual.boxes, "\(recorded.name): \(usual.boxes)")
  }

  @Test(arguments: 0..<5) func twentyStepsFollowPyTorch(index: Int) throws {
    let recorded = try RecordedTraining.rows()[index]
    let (training, images) = (try recorded.training(), try recorded.images())
    for (step, wanted) in recorded.row["curve"].doubles.enumerated() {
      let found = try training.accumulateGradients(images, step: step).total
      #expect(abs(found - wanted) <= 1e-4 * wanted, "\(recorded.name) step \(step): \(found), PyTorch \(wanted)")
      training.update(learningRate: recorded.learningRate)
    }
  }

  #if canImport(AllocationCounting)
    /// oneDNN builds a list of arguments whenever a primitive runs; beside that a warm step of one stage allocates nothing.
    @Test(
      .enabled(if: allocation_counting_works(), "counting allocations needs glibc and no sanitizer"), arguments: 0..<2)
    func aWarmStepAllocatesOnlyInsideOneDNN(index: Int) throws {
      let recorded = try RecordedTraining.rows()[index]
      let (training, images) = (try recorded.training(), try recorded.images())
      func allocations(_ body: () throws -> Void) rethrows -> Int {
        let before = allocation_count()
        try body()
        return allocation_count() - before
      }
      for step in 0..<2 {
        _ = try training.accumulateGradients(images, step: step)
        training.update(learningRate: 0.001)
      }
      _ = try training.accumulateGradients(images, step: 2)
      let layers = try allocations { try training.runLayers() }
      let step = try allocations { _ = try training.accumulateGradients(images, step: 3) }
      let update = allocations { training.update(learningRate: 0.001) }
      #expect(step == layers, "\(recorded.name): \(step) in a step, \(layers) in its layers")
      #expect(update == 0, "\(recorded.name)")
    }

    /// What `train` does in a step: pictures drawn, mirrored and changed, targets found, weights moved.
    @Test(.enabled(if: allocation_counting_works()), arguments: [DetectorKind.fcos, .atss], [1, 1.5])
    func aWarmTrainingAllocatesOnlyInsideOneDNN(kind: DetectorKind, zoom: Double) throws {
      let scenes = DataSettings(
        height: 64, width: 64, synthetic: SyntheticSettings(trainImages: 40, validationImages: 1, holdOutImages: 1))
      let data = try DatasetReader.open("synthetic", settings: scenes).searchTrain
      let settings = TrainingSettings(steps: 120, imagesPerBatch: 4, colorJitter: 0.2, largestZoom: zoom)
      let losses = DetectionLosses(
        classification: ClassificationLoss(
          formula: try Formula(parsing: "Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sub(1,Sig(X))))))", mode: .binaryClass),
          mode: .binaryClass, alpha: 0.25),
        regression: BoxLoss(.formula(try Formula(parsing: "Sub(1,Div(I,U))", mode: .regression)), weight: 1))
      let detector = DetectorSettings(kind: kind)
      let layers = try TrainingStep(
        detector, training: settings, losses: losses, classes: data.classes.count, batch: 4, height: 64, width: 64)
      // The first pass, and one after weights have moved: then they are laid out anew.
      try layers.runLayers()
      layers.update(learningRate: 0)
      let before = allocation_count()
      try layers.runLayers()
      let inLayers = allocation_count() - before

      let training = try DetectionTrainer(detector: detector).begin(settings, losses: losses, on: data, seed: 1)
      var counts: [Int] = []
      counts.reserveCapacity(settings.steps)
      while !training.isFinished {
        let before = allocation_count()
        let report = try training.advance()
        counts.append(allocation_count() - before)
        #expect(report.isFinite)
      }
      // Seldom a list of objects grows, where a batch shows more of them than any before.
      let warm = counts[60...]
      #expect(
        warm.allSatisfy { (inLayers...inLayers + 4).contains($0) } && warm.count { $0 == inLayers } >= 55,
        "\(kind), zoom \(zoom): \(inLayers) in the layers, \(warm)")
    }
  #endif
}
