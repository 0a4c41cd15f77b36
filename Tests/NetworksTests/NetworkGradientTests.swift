import Networks
import Randomness
import Tensors
import Testing

/// Whole networks against finite differences: every kind of layer, values with several consumers, stages, regions.
@Suite struct NetworkGradientTests {
  /// A network and what a loss reads of it: loss = sum of weight · output.
  struct Fixture {
    let network: Network
    let input: Value
    let outputs: [Value]
    let weights: [[Float]]

    init(seed: UInt64, _ describe: (NetworkBuilder) throws -> (Value, [Value])) throws {
      let builder = NetworkBuilder(batch: 2)
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

  @Test(arguments: [1, 2, 3] as [UInt64]) func residualNetworkWithPyramidAndRegions(seed: UInt64) throws {
    let list = RegionList(capacity: 4)
    let fixture = try Fixture(seed: seed) { b in
      let image = try b.input(height: 12, width: 16, channels: 3, gradient: true)
      let stem = try b.convolution(image, channels: 8, kernel: 3, stride: 2, bias: false, name: "stem")
      let c1 = try b.batchNorm(stem, name: "stem.norm")
      let inner = try b.groupNorm(try b.convolution(c1, channels: 8, kernel: 3, name: "a"), groups: 2, name: "a.norm")
      let c2 = try b.batchNorm(
        try b.convolution(inner, channels: 8, kernel: 3, bias: false, name: "b"), adding: c1, name: "b.norm")
      let c3 = try b.convolution(c2, channels: 16, kernel: 3, stride: 2, name: "down")
      let p3 = try b.convolution(c3, channels: 6, kernel: 1, name: "lateral3")
      let p2 = try b.upsampleNearest2x(p3, adding: try b.convolution(c2, channels: 6, kernel: 1, name: "lateral2"))
      let head2 = try b.convolution(p2, channels: 5, kernel: 3, name: "head")
      let head3 = try b.repeatLayer(of: head2, on: p3)
      b.output(p3)
      b.beginStage()
      let roi = try b.roiAlign(levels: [p2, p3], scales: [0.5, 0.25], regions: list, bins: 2, samplingRatio: 2)
      let boxes = try b.linear(b.flatten(roi), outputs: 4, name: "boxes")
      return (image, [head2, head3, p3, boxes])
    }
    #expect(fixture.network.stageCount == 2)
    list.regions = [
      Region(image: 0, level: 0, x1: 1, y1: 2, x2: 9, y2: 11), Region(image: 1, level: 1, x1: -2, y1: 0, x2: 17, y2: 9),
      Region(image: 1, level: 0, x1: 5, y1: 5, x2: 6, y2: 7),
    ]
    try fixture.hold(seed: seed, tolerance: 4e-3, "pyramid")
  }

  @Test(arguments: [4, 5] as [UInt64]) func poolsResizesAndSums(seed: UInt64) throws {
    let fixture = try Fixture(seed: seed) { b in
      let image = try b.input(height: 9, width: 10, channels: 4, gradient: true)
      let x = try b.convolution(image, channels: 17, kernel: 3, dilation: 2, name: "dilated")
      let averaged = try b.averagePool(x, kernel: 3, stride: 2, padding: 1, includesPadding: false)
      let bilinear = try b.resize(averaged, height: 7, width: 6, mode: .bilinear(alignsCorners: false))
      let corners = try b.resize(averaged, height: 7, width: 6, mode: .bilinear(alignsCorners: true), adding: bilinear)
      let nearest = try b.resize(averaged, height: 7, width: 6)
      let twice = try b.add(corners, corners)
      let sum = try b.add(twice, nearest)
      let pooled = try b.globalAveragePool(sum)
      return (image, [try b.linear(pooled, outputs: 3, bias: false, name: "out"), try b.add(sum, nearest)])
    }
    try fixture.hold(seed: seed, tolerance: 4e-3, "pools")
  }

  @Test func fusedReLUEqualsSeparateReLU() throws {
    func gradients(fused: Bool) throws -> ([Float], [Float]) {
      let fixture = try Fixture(seed: 9) { b in
        let image = try b.input(height: 6, width: 7, channels: 3, gradient: true)
        func relu(_ x: Value) throws -> Value { fused ? x : try b.relu(x) }
        let a = try relu(try b.convolution(image, channels: 18, kernel: 3, relu: fused, name: "a"))
        let n = try relu(try b.batchNorm(a, relu: fused, name: "n"))
        let c = try b.convolution(n, channels: 18, kernel: 3, name: "c")
        let r =
          fused
          ? try b.batchNorm(c, adding: a, relu: true, name: "r")
          : try b.relu(try b.add(try b.batchNorm(c, name: "r"), a))
        let g = try relu(try b.groupNorm(r, groups: 3, relu: fused, name: "g"))
        let s = fused ? try b.add(g, r, relu: true) : try b.relu(try b.add(g, r))
        let l = try relu(try b.linear(try b.flatten(s), outputs: 5, relu: fused, name: "l"))
        return (image, [l])
      }
      _ = try fixture.loss()
      try fixture.backward()
      return (
        fixture.outputs.flatMap { Array($0.data) },
        Array(fixture.network.parameters.gradients) + Array(fixture.input.gradient)
      )
    }
    let (fusedOutput, fusedGradient) = try gradients(fused: true)
    let (output, gradient) = try gradients(fused: false)
    #expect(output.contains { $0 > 0 } && gradient.contains { $0 != 0 })
    expectClose(fusedOutput, output, tolerance: 1e-6, "output")
    expectClose(fusedGradient, gradient, tolerance: 3e-6, "gradients")
  }
}
