import GoldenData
import Networks
import Testing

@Suite struct OptimizerTests {
  @Test func everyRecordedOptimizerAgrees() throws {
    let rows = try GoldenFile("nn_layers.json").object()["optimizers"].array ?? []
    #expect(rows.count == 6)
    for row in rows {
      let hyper = row["hyper"]
      let kind = try #require(OptimizerSettings.Kind(rawValue: row["name"].string?.lowercased() ?? ""))
      let settings = OptimizerSettings(
        kind: kind, momentum: hyper["momentum"].double ?? 0, nesterov: hyper["nesterov"].bool ?? false,
        weightDecay: hyper["weight_decay"].double ?? 0)
      let parameters = Parameters(weights: row["w0"].floats)
      let optimizer = Optimizer(settings, parameters: parameters)
      for (step, pair) in zip(row["grads"].array ?? [], row["w_after"].array ?? []).enumerated() {
        for (index, gradient) in pair.0.floats.enumerated() { parameters.gradients[index] = gradient }
        optimizer.step(learningRate: hyper["lr"].double ?? 0)
        expectClose(
          Array(parameters.weights), pair.1.floats, tolerance: 2e-6, "\(kind) \(settings), step \(step)")
      }
      #expect(optimizer.steps == 4)
    }
  }

  @Test func clippingScalesTheGradientToTheNorm() {
    let parameters = Parameters(weights: [1, 1])
    let optimizer = Optimizer(OptimizerSettings(momentum: 0, weightDecay: 0, clipNorm: 1), parameters: parameters)
    (parameters.gradients[0], parameters.gradients[1]) = (3, 4)
    #expect(abs(optimizer.step(learningRate: 1) - 5) < 1e-9)
    expectClose(Array(parameters.weights), [1 - 0.6, 1 - 0.8], tolerance: 1e-6, "clipped step")
    (parameters.gradients[0], parameters.gradients[1]) = (0.3, 0.4)
    optimizer.step(learningRate: 1)
    expectClose(Array(parameters.weights), [0.1, -0.2], tolerance: 1e-6, "small gradients stay")
  }

  @Test func gradientsThatAreNotFiniteLeaveTheWeights() {
    for bad in [Float.nan, .infinity, -.infinity] {
      let parameters = Parameters(weights: [1, 2])
      let optimizer = Optimizer(OptimizerSettings(), parameters: parameters)
      (parameters.gradients[0], parameters.gradients[1]) = (bad, 1)
      #expect(!optimizer.step(learningRate: 1).isFinite)
      #expect(Array(parameters.weights) == [1, 2] && optimizer.steps == 0)
    }
  }

  @Test(arguments: OptimizerSettings.Kind.allCases) func decayPassesOverNormsAndBiases(kind: OptimizerSettings.Kind)
    throws
  {
    for decaysAll in [false, true] {
      let builder = NetworkBuilder(batch: 1)
      let x = try builder.input(height: 4, width: 4, channels: 2)
      let y = try builder.convolution(x, channels: 3, kernel: 3, initialization: .constant(1), biasStart: 1, name: "c")
      _ = try builder.batchNorm(y, name: "n")
      let network = try builder.build(seed: 1)
      let settings = OptimizerSettings(kind: kind, momentum: 0, weightDecay: 0.5, decaysNormsAndBiases: decaysAll)
      Optimizer(settings, parameters: network.parameters).step(learningRate: 0.1)
      for (name, decays) in [("c.weight", true), ("c.bias", decaysAll), ("n.weight", decaysAll)] {
        let range = try #require(network.parameters[name]?.range)
        #expect(network.parameters.weights[range].allSatisfy { ($0 < 1) == decays }, "\(kind) \(name) \(decaysAll)")
      }
    }
  }

  @Test(arguments: OptimizerSettings.Kind.allCases) func restoredOptimizerGoesOnAlike(kind: OptimizerSettings.Kind)
    throws
  {
    func run(interrupted: Bool) throws -> [Float] {
      let parameters = Parameters(weights: [1, -2, 3])
      var optimizer = Optimizer(OptimizerSettings(kind: kind), parameters: parameters)
      for step in 0..<6 {
        if interrupted && step == 3 {
          let state = optimizer.state
          optimizer = Optimizer(OptimizerSettings(kind: kind), parameters: parameters)
          try optimizer.restore(state, steps: step)
        }
        for index in 0..<3 { parameters.gradients[index] = Float(step - index) * 0.3 + parameters.weights[index] }
        optimizer.step(learningRate: 0.1)
      }
      return Array(parameters.weights)
    }
    #expect(try run(interrupted: true) == run(interrupted: false))
  }

  @Test func schedulesHaveTheirEndPoints() {
    let table: [(LearningRateSchedule, [(Int, Double)])] = [
      (LearningRateSchedule(kind: .constant, base: 2), [(0, 2), (50, 2), (99, 2)]),
      (
        LearningRateSchedule(kind: .constant, base: 2, warmupSteps: 10, warmupFactor: 0.1),
        [(0, 0.2), (5, 1.1), (10, 2)]
      ),
      (
        LearningRateSchedule(kind: .step, base: 1, milestones: [0.5, 0.9], factor: 0.1),
        [(0, 1), (49, 1), (50, 0.1), (89, 0.1), (90, 0.01)]
      ),
      (LearningRateSchedule(kind: .cosine, base: 4, finalFactor: 0.5), [(0, 4), (50, 3), (100, 2)]),
      (LearningRateSchedule(kind: .cosine, base: 4, warmupSteps: 20, warmupFactor: 0), [(10, 2), (20, 4), (60, 2)]),
    ]
    for (schedule, points) in table {
      for (step, rate) in points {
        #expect(abs(schedule.rate(at: step, of: 100) - rate) < 1e-12, "\(schedule) at \(step)")
      }
    }
  }
}
