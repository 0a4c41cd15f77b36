import Losses
import Randomness
import Surrogates
import Testing

#if canImport(AllocationCounting)
  import AllocationCounting
#endif

/// Properties of the surrogates on drawn parameters, shapes and labels.
@Suite struct SurrogateLossTests {
  /// The kernels of every instruction set agree with the plain reference in Double.
  @Test(arguments: UInt64(0)..<30) func kernelsAgreeWithTheReference(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "surrogates")
    for metric in SegmentationMetric.allCases {
      let parameters = try SurrogateParameters.random(metric, &generator, edges: false)
      let sample = SegmentationSample(try SegmentationSample.shape(&generator), seed: seed)
      let (value, gradient) = SurrogateReference(parameters).evaluate(
        logits: sample.logits.map { Double($0) }, labels: sample.labels, shape: sample.shape)
      let largest = gradient.reduce(0) { max($0, abs($1)) }
      for level in InstructionSet.available {
        let found = try sample.evaluate(parameters.makeLoss(instructions: level))
        let what = "seed \(seed) \(level) \(sample.shape): \(parameters)"
        #expect(Double(found.value).isNaN == value.isNaN && !(abs(Double(found.value) - value) > 1e-5), "\(what)")
        for (number, wanted) in zip(found.gradient, gradient) {
          // Curves with a nearly vertical tangent cost digits: 1e-4 of the largest.
          #expect(abs(Double(number) - wanted) <= 1e-4 * largest + 1e-9, "\(what): \(number) and \(wanted)")
        }
      }
    }
  }

  /// More classes than a word has bits.
  @Test func manyClassesAgreeWithTheReference() throws {
    let sample = SegmentationSample(try LabelMapShape(images: 2, classes: 70, height: 12, width: 19), seed: 5)
    for metric in [SegmentationMetric.boundaryF1, .boundaryIoU] {
      for dropsBackground in [false, true] {
        let parameters = try SurrogateParameters(
          metric: metric, theta: SurrogateParameters.published(metric).theta, tolerance: 2,
          dropsBackground: dropsBackground)
        let (value, gradient) = SurrogateReference(parameters).evaluate(
          logits: sample.logits.map { Double($0) }, labels: sample.labels, shape: sample.shape)
        let found = try sample.evaluate(parameters.makeLoss())
        #expect(abs(Double(found.value) - value) < 1e-5)
        let largest = gradient.reduce(0) { max($0, abs($1)) }
        for (number, wanted) in zip(found.gradient, gradient) {
          #expect(abs(Double(number) - wanted) <= 1e-4 * largest, "\(parameters)")
        }
      }
    }
  }

  /// The reference's gradient is that of its value.
  @Test(arguments: UInt64(0)..<6) func gradientsAreThoseOfTheValue(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "differences")
    let shape = try LabelMapShape(images: 2, classes: 3, height: 5, width: 6)
    for metric in SegmentationMetric.allCases {
      let parameters = try SurrogateParameters.random(metric, &generator, edges: false)
      let sample = SegmentationSample(shape, seed: seed, ignored: 0.1)
      let reference = SurrogateReference(parameters)
      var logits = sample.logits.map { Double($0) }
      let (_, gradient) = reference.evaluate(logits: logits, labels: sample.labels, shape: shape)
      let largest = gradient.reduce(0) { max($0, abs($1)) }
      for place in (0..<20).map({ _ in generator.index(below: logits.count) }) {
        let (kept, step) = (logits[place], 1e-6)
        logits[place] = kept + step
        let above = reference.evaluate(logits: logits, labels: sample.labels, shape: shape).value
        logits[place] = kept - step
        let below = reference.evaluate(logits: logits, labels: sample.labels, shape: shape).value
        logits[place] = kept
        let difference = (above - below) / (2 * step)
        #expect(
          abs(difference - gradient[place]) <= 1e-5 * largest + 1e-9,
          "seed \(seed), logit \(place): \(difference) and \(gradient[place]), \(parameters)")
      }
    }
  }

  /// Points that meet, points above each other, logits that saturate: value and gradient stay finite.
  @Test(arguments: UInt64(0)..<40) func nothingOverflows(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "edges")
    for metric in SegmentationMetric.allCases {
      let parameters = try SurrogateParameters.random(metric, &generator, edges: true)
      let shape = try LabelMapShape(images: 1, classes: 4, height: 9, width: 7)
      for scale in [0, 1, 30, 300.0] {
        let sample = SegmentationSample(shape, seed: seed, scale: scale, ignored: 0)
        for level in InstructionSet.available {
          let (value, gradient) = try sample.evaluate(parameters.makeLoss(instructions: level))
          #expect(value.isFinite, "seed \(seed) scale \(scale): \(parameters)")
          #expect(gradient.allSatisfy { $0.isFinite }, "seed \(seed) scale \(scale): \(parameters)")
        }
      }
    }
  }

  /// At probabilities 0 and 1 the surrogates of intersection and union are the metric itself, whatever the points.
  @Test(arguments: UInt64(0)..<10) func certainPredictionsGiveTheMetric(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "certain")
    let shape = try LabelMapShape(images: 2, classes: 3, height: 11, width: 9)
    var sample = SegmentationSample(shape, seed: seed)
    let predicted = (0..<shape.labelCount).map { _ in generator.index(below: 3) }
    for (index, label) in predicted.enumerated() {
      for k in 0..<3 {
        sample.logits[(index / shape.pixels * 3 + k) * shape.pixels + index % shape.pixels] = k == label ? 200 : -200
      }
    }
    var scores: [SegmentationMetric: Double] = [:]
    let valid = sample.labels.indices.filter { sample.labels[$0] != 255 }
    for label in 0..<3 {
      let (found, wanted) = (
        Set(valid.filter { predicted[$0] == label }), Set(valid.filter { sample.labels[$0] == label })
      )
      let both = Double(found.intersection(wanted).count)
      let overlap = both / Double(found.union(wanted).count)
      scores[.meanIoU, default: 0] += overlap / 3
      scores[.frequencyWeightedIoU, default: 0] += overlap * Double(wanted.count) / Double(valid.count)
      scores[.meanAccuracy, default: 0] += both / Double(wanted.count) / 3
      scores[.globalAccuracy, default: 0] += both / Double(valid.count)
    }
    for (metric, score) in scores.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      let parameters = try SurrogateParameters.random(metric, &generator, edges: true)
      let value = try sample.value(parameters.makeLoss())
      #expect(abs(Double(value) - (1 - score)) < 1e-6, "seed \(seed): \(parameters)")
    }
  }

  @Test(arguments: [
    (SegmentationMetric.meanIoU, [0.5, 0.5, 0.5], "theta has 3 numbers: mIoU with bezier needs 2 curves of 2, 6, 10"),
    (.meanAccuracy, [0.5, 0.5, 0.6, 0.6], "theta has 4 numbers: mAcc with bezier needs 1 curve of"),
    (.globalAccuracy, [0.5, 1.5], "theta[1] is 1.5: a control point lies in 0 ... 1"),
    (.globalAccuracy, [.nan, 0.5], "theta[0] is nan"),
    (.globalAccuracy, [0.5, 0.5, 0.4, 0.6, 0.9, 0.9], "theta[2] is 0.4, below the x of the point before it (0.5)"),
    (.globalAccuracy, [0.5, 0.5, 0.6, 0.4, 0.9, 0.9], "theta[3] is 0.4, below the y of the point before it (0.5)"),
  ]) func badThetaIsNamed(metric: SegmentationMetric, theta: [Double], words: String) throws {
    let error = try #require(throws: SegmentationLossError.self) {
      try SurrogateParameters(metric: metric, theta: theta)
    }
    #expect(error.message.contains(words), "\(error.message)")
  }

  @Test func publishedParametersKeepTheConstraints() throws {
    for metric in SegmentationMetric.allCases {
      let published = SurrogateParameters.published(metric)
      let checked = try SurrogateParameters(
        metric: metric, theta: published.theta, tolerance: 5, dropsBackground: metric == .boundaryIoU)
      #expect(checked == published)
    }
    let error = try #require(throws: SegmentationLossError.self) { try SegmentationMetric(named: "mIOU") }
    #expect(error.message.contains("did you mean 'mIoU'?"), "\(error.message)")
  }

  #if canImport(AllocationCounting)
    /// Once the largest shape has been seen, nothing is allocated.
    @Test(.enabled(if: allocation_counting_works(), "counting allocations needs glibc and no sanitizer"))
    func aWarmLossAllocatesNothing() throws {
      let large = SegmentationSample(try LabelMapShape(images: 2, classes: 70, height: 20, width: 33), seed: 1)
      let small = SegmentationSample(try LabelMapShape(images: 1, classes: 3, height: 9, width: 40), seed: 2)
      var losses = SegmentationMetric.allCases.map { SurrogateParameters.published($0).makeLoss() }
      losses += [CrossEntropyLoss(), DiceLoss(), LovaszSoftmaxLoss()]
      let gradient = UnsafeMutablePointer<Float>.allocate(capacity: large.shape.logitCount)
      defer { gradient.deallocate() }
      for loss in losses {
        func run(_ sample: SegmentationSample) throws {
          _ = try sample.logits.withUnsafeBufferPointer { logits in
            try sample.labels.withUnsafeBufferPointer { labels in
              guard let logits = logits.baseAddress, let labels = labels.baseAddress else { return Float.nan }
              return try loss.evaluate(logits: logits, labels: labels, shape: sample.shape, gradient: gradient)
            }
          }
        }
        for sample in [large, small] { try run(sample) }
        let before = allocation_count()
        for sample in [small, large] { try run(sample) }
        #expect(allocation_count() == before, "\(loss)")
      }
    }
  #endif
}
