import Foundation
import Networks
import Randomness
import Testing

@Suite struct NetworkTests {
  /// A small classifier: convolution, norm, residual, pooling, linear.
  struct Classifier {
    let network: Network
    let input: Value
    let scores: Value

    init(batch: Int, seed: UInt64) throws {
      let b = NetworkBuilder(batch: batch)
      input = try b.input(height: 16, width: 16, channels: 3)
      let stem = try b.convolution(input, channels: 16, kernel: 3, stride: 2, bias: false, name: "stem")
      let x = try b.batchNorm(stem, relu: true, name: "stem.norm")
      let y = try b.convolution(x, channels: 16, kernel: 3, bias: false, name: "block")
      let z = try b.batchNorm(y, adding: x, relu: true, name: "block.norm")
      scores = try b.linear(try b.globalAveragePool(try b.maxPool(z, kernel: 2)), outputs: 2, name: "scores")
      network = try b.build(seed: seed)
    }

    /// Images whose class is the sign of the red channel's slope along the rows.
    func draw(_ generator: inout SeededGenerator) -> [Int32] {
      (0..<input.shape.batch).map { image in
        let label = generator.index(below: 2)
        for y in 0..<16 {
          for x in 0..<16 {
            for channel in 0..<3 {
              let slope: Float = channel == 0 ? Float(label * 2 - 1) * Float(y - 8) / 8 : 0
              input.data[input.shape.offset(image, y, x, channel)] = slope + 0.5 * Float(generator.normal())
            }
          }
        }
        return Int32(label)
      }
    }

    /// Trains and returns the losses; the state stays in the network.
    func train(steps: Int, seed: UInt64) throws -> [Float] {
      var generator = SeededGenerator(seed: seed)
      let optimizer = Optimizer(OptimizerSettings(weightDecay: 1e-4, clipNorm: 10), parameters: network.parameters)
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: input.shape.batch)
      defer { values.deallocate() }
      return try (0..<steps).map { _ in
        let labels = draw(&generator)
        try network.forward(training: true)
        let share = 1 / Float(labels.count)
        LossFunctions.crossEntropy(
          UnsafeBufferPointer(scores.data), labels: labels, weights: labels.map { _ in share }, classes: 2,
          values: values, gradient: scores.gradient)
        network.parameters.zeroGradients()
        try network.backward()
        optimizer.step(learningRate: 0.05)
        return values.reduce(0, +) * share
      }
    }
  }

  @Test func trainingLearns() throws {
    let classifier = try Classifier(batch: 8, seed: 1)
    let losses = try classifier.train(steps: 60, seed: 2)
    #expect(losses.suffix(5).reduce(0, +) / 5 < 0.1, "losses \(losses)")
  }

  @Test func twoThreadsAtOnceEqualSequentialRuns() async throws {
    func run(_ seed: UInt64) throws -> [Float] {
      let classifier = try Classifier(batch: 4, seed: seed)
      let losses = try classifier.train(steps: 25, seed: seed)
      return losses + classifier.network.state
    }
    let sequential = [try run(1), try run(2)]
    async let first = Task.detached { try run(1) }.value
    async let second = Task.detached { try run(2) }.value
    let together = [try await first, try await second]
    #expect(together[0] == sequential[0], "seed 1 differs")
    #expect(together[1] == sequential[1], "seed 2 differs")
    #expect(sequential[0] != sequential[1])
  }

  @Test func evaluationOfAnotherBatchSharesTheState() throws {
    let trained = try Classifier(batch: 8, seed: 3)
    _ = try trained.train(steps: 5, seed: 4)
    let single = try Classifier(batch: 1, seed: 99)
    try single.network.restore(trained.network.state)
    #expect(single.network.state == trained.network.state)
    var generator = SeededGenerator(seed: 5)
    _ = trained.draw(&generator)
    try trained.network.forward(training: false)
    let before = trained.network.state
    for image in 0..<8 {
      for index in single.input.data.indices {
        single.input.data[index] = trained.input.data[image * single.input.shape.count + index]
      }
      try single.network.forward(training: false)
      expectClose(
        Array(single.scores.data), Array(trained.scores.data[(2 * image)..<(2 * image + 2)]), tolerance: 1e-5,
        "image \(image)")
    }
    #expect(trained.network.state == before, "evaluation must not move running statistics")
  }

  @Test func evaluationNetworkEqualsTrainingNetworkForward() throws {
    func scores(trains: Bool) throws -> ([Float], Int) {
      let b = NetworkBuilder(batch: 2)
      let x = try b.input(height: 8, width: 8, channels: 16)
      let y = try b.batchNorm(try b.convolution(x, channels: 32, kernel: 3, name: "c"), relu: true, name: "n")
      let z = try b.linear(try b.globalAveragePool(y), outputs: 3, name: "z")
      let network = try b.build(seed: 4, trains: trains)
      for index in x.data.indices { x.data[index] = Float(index % 19) / 19 }
      try network.forward(training: false)
      #expect(z.gradient.isEmpty == !trains)
      try network.backward()
      return (Array(z.data), network.activationBytes)
    }
    let (trained, evaluated) = (try scores(trains: true), try scores(trains: false))
    #expect(trained.0 == evaluated.0)
    #expect(evaluated.1 < trained.1)
  }

  @Test func gradientsAddUpUntilZeroed() throws {
    let classifier = try Classifier(batch: 2, seed: 6)
    var generator = SeededGenerator(seed: 7)
    _ = classifier.draw(&generator)
    func backward() throws {
      try classifier.network.forward(training: true)
      for index in classifier.scores.gradient.indices { classifier.scores.gradient[index] = Float(index + 1) }
      try classifier.network.backward()
    }
    try backward()
    let once = Array(classifier.network.parameters.gradients)
    try backward()
    expectClose(Array(classifier.network.parameters.gradients), once.map { 2 * $0 }, tolerance: 1e-6, "twice")
    classifier.network.parameters.zeroGradients()
    #expect(classifier.network.parameters.gradientNorm == 0)
  }

  @Test func heStartHasItsDeviationAndSeedDecides() throws {
    func weights(_ seed: UInt64, extra: Bool) throws -> [Float] {
      let b = NetworkBuilder(batch: 1)
      let x = try b.input(height: 8, width: 8, channels: 32)
      if extra { _ = try b.convolution(x, channels: 4, kernel: 1, name: "other") }
      _ = try b.convolution(x, channels: 64, kernel: 3, name: "c")
      let network = try b.build(seed: seed)
      return Array(network.parameters.weights[try #require(network.parameters["c.weight"]?.range)])
    }
    let first = try weights(1, extra: false)
    let deviation = (first.reduce(0) { $0 + Double($1) * Double($1) } / Double(first.count)).squareRoot()
    #expect(abs(deviation - (2.0 / (64 * 9)).squareRoot()) < 0.002)
    #expect(try weights(1, extra: false) == first)
    #expect(try weights(1, extra: true) == first, "another layer must not change this one's start")
    #expect(try weights(2, extra: false) != first)
  }
}
