import Networks
import Randomness
import Testing

/// A network and what a loss reads of it: loss = sum of weight · output.
struct GradientFixture {
  let network: Network
  let input: Value
  let outputs: [Value]
  let weights: [[Float]]

  init(seed: UInt64, winograd: Bool = true, _ describe: (NetworkBuilder) throws -> (Value, [Value])) throws {
    let builder = NetworkBuilder(batch: 2, winograd: winograd)
    let (input, outputs) = try describe(builder)
    var generator = SeededGenerator(seed: seed)
    self.input = input
    self.outputs = outputs
    network = try builder.build(seed: seed)
    weights = outputs.map { output in (0..<output.shape.count).map { _ in Float(generator.normal()) } }
    for index in input.data.indices { input.data[index] = Float(generator.normal()) }
  }

  func loss() throws -> Double {
    try network.forward(training: true)
    return zip(outputs, weights).reduce(0) { sum, pair in
      sum + zip(pair.0.data, pair.1).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
  }

  func backward() throws {
    for (output, weight) in zip(outputs, weights) {
      for index in weight.indices { output.gradient[index] = weight[index] }
    }
    network.parameters.zeroGradients()
    try network.backward()
  }

  /// Holds the directional derivative along random directions, over parameters and input, to central differences.
  func hold(seed: UInt64, tolerance: Double, _ what: String) throws {
    _ = try loss()
    try backward()
    let analytic = Array(network.parameters.gradients)
    let inputGradient = Array(input.gradient)
    let start = Array(network.parameters.weights)
    let startInput = Array(input.data)
    var generator = SeededGenerator(seed: seed)
    for entry in network.parameters.entries {
      // Every parameter apart, so that no large one hides a wrong small one.
      let direction = entry.range.map { _ in Float(generator.normal()) }
      let expected = zip(entry.range, direction).reduce(0.0) { $0 + Double(analytic[$1.0]) * Double($1.1) }
      let measured = try difference { step in
        network.parameters.update { weights in
          for (index, slope) in zip(entry.range, direction) { weights[index] = start[index] + step * slope }
        }
      }
      compare(measured, expected, direction.count, tolerance, "\(what) \(entry.name), seed \(seed)")
    }
    let direction = startInput.map { _ in Float(generator.normal()) }
    let expected = zip(inputGradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let measured = try difference { step in
      for index in startInput.indices { input.data[index] = startInput[index] + step * direction[index] }
    }
    compare(measured, expected, direction.count, tolerance, "\(what) input, seed \(seed)")
  }

  /// Central differences at two widths, extrapolated (Richardson), so that the step can be wide against rounding.
  private func difference(_ move: (Float) -> Void) throws -> Double {
    func central(_ step: Float) throws -> Double {
      move(step)
      let above = try loss()
      move(-step)
      let below = try loss()
      move(0)
      return (above - below) / Double(2 * step)
    }
    return try (4 * central(1.0 / 256) - central(1.0 / 128)) / 3
  }

  private func compare(_ measured: Double, _ expected: Double, _ count: Int, _ tolerance: Double, _ what: String) {
    let scale = max(abs(measured), abs(expected), Double(count).squareRoot())
    #expect(abs(measured - expected) <= tolerance * scale, "\(what): measured \(measured), gradient \(expected)")
  }
}
