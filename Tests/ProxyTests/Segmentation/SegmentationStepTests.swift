import GoldenData
import Networks
import Proxy
import Testing

#if canImport(AllocationCounting)
  import AllocationCounting
#endif

/// Whole training steps of the segmenter against PyTorch from the same weights and batch (Tests/Recorded/segment_step.py).
///
/// The reference is computed in float64. PyTorch's own float32 gradients are off by up to 2.5e-6 of each parameter's
/// largest; ours may be by 5e-5, as Winograd's convolutions round some ten times coarser.
@Suite struct SegmentationStepTests {
  private struct Recorded {
    let row: GoldenValue

    static func rows() throws -> [Recorded] {
      try (GoldenFile(recorded: "segment_step.json").object()["rows"].array ?? []).map { Recorded(row: $0) }
    }

    private var settings: GoldenValue { row["settings"] }
    private func int(_ key: String) -> Int { settings[key].int ?? 0 }
    var learningRate: Double { settings["rate"].doubles[0] }

    func step() throws -> SegmentationStep {
      let step = try SegmentationStep(
        SegmenterSettings(
          stemChannels: int("stem"), stageChannels: settings["stages"].integers, blocksPerStage: int("blocks"),
          contextChannels: int("context"), dilations: settings["dilations"].integers, decoderChannels: int("decoder")),
        schedule: TrainingSettings(weightDecay: 1e-4, gradientLimit: 0), loss: PlainCrossEntropy(),
        classes: int("classes"), batch: int("batch"), height: int("height"), width: int("width"))
      step.setWeights(RecordedTraining.startValue)
      return step
    }

    /// As `segmenters.batch` in Benchmarks/peers makes it.
    func images() throws -> [SegmentationImage] {
      let name = try #require(settings["pixels"].string)
      let (height, width) = (int("height"), int("width"))
      let count = int("batch") * height * width
      let bytes = RecordedTraining.words(name, count: 3 * count).map { UInt8($0 >> 56) }
      let labels = RecordedTraining.words(name + " labels", count: count).map { word in
        word >> 60 == 0 ? 255 : UInt8((word >> 40) % UInt64(int("classes")))
      }
      return (0..<int("batch")).map { index in
        let range = (index * height * width)..<((index + 1) * height * width)
        return SegmentationImage(
          name: "\(index)",
          pixels: RGBImage(
            width: width, height: height, bytes: Array(bytes[(3 * range.lowerBound)..<(3 * range.upperBound)])),
          labels: LabelMap(width: width, height: height, labels: Array(labels[range])))
      }
    }
  }

  @Test(arguments: 0..<2) func lossAndGradientsAreThoseOfPyTorch(index: Int) throws {
    let rows = try Recorded.rows()
    #expect(rows.count == 2)
    let (step, images) = (try rows[index].step(), try rows[index].images())
    let (found, wanted) = (try step.accumulateGradients(images), rows[index].row["curve"].doubles[0])
    #expect(abs(found - wanted) <= 2e-6 * wanted, "row \(index): \(found), PyTorch \(wanted)")
    let gradients = try RecordedTraining(row: rows[index].row).gradients()
    #expect(gradients.count == step.parameters.entries.count)
    for (name, wanted) in gradients {
      let entry = try #require(step.parameters[name], "row \(index) has no \(name)")
      let problem = disagreement(Array(step.parameters.gradients[entry.range]), wanted, tolerance: 5e-5)
      #expect(problem == nil, "row \(index) \(name): \(problem ?? "")")
    }
  }

  @Test(arguments: 0..<2) func twentyStepsFollowPyTorch(index: Int) throws {
    let recorded = try Recorded.rows()[index]
    let (step, images) = (try recorded.step(), try recorded.images())
    for (number, wanted) in recorded.row["curve"].doubles.enumerated() {
      let found = try step.accumulateGradients(images)
      #expect(abs(found - wanted) <= 1e-4 * wanted, "row \(index) step \(number): \(found), PyTorch \(wanted)")
      step.update(learningRate: recorded.learningRate)
    }
  }

  #if canImport(AllocationCounting)
    /// The plain loss of these tests allocates; what lies around it does not, beyond oneDNN's lists of arguments.
    @Test(.enabled(if: allocation_counting_works(), "counting allocations needs glibc and no sanitizer"))
    func aWarmStepAllocatesOnlyInsideOneDNN() throws {
      let recorded = try Recorded.rows()[0]
      let images = try recorded.images()
      let step = try SegmentationStep(
        SegmenterSettings(), schedule: TrainingSettings(), loss: SquaredLogits(), classes: 3, batch: 2, height: 32,
        width: 48)
      func allocations(_ body: () throws -> Void) rethrows -> Int {
        let before = allocation_count()
        try body()
        return allocation_count() - before
      }
      for _ in 0..<3 {
        _ = try step.accumulateGradients(images)
        step.update(learningRate: 0.001)
      }
      _ = try step.accumulateGradients(images)
      let layers = try allocations { try step.runLayers() }
      let whole = try allocations { _ = try step.accumulateGradients(images) }
      let update = allocations { step.update(learningRate: 0.001) }
      #expect(whole == layers, "\(whole) in a step, \(layers) in its layers")
      #expect(update == 0)
    }
  #endif
}
