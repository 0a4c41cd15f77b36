import Networks
import Randomness
import Tensors
import Testing

/// Whole networks against finite differences: every kind of layer, values with several consumers, stages, regions.
@Suite struct NetworkGradientTests {
  @Test(arguments: [1, 2, 3] as [UInt64]) func residualNetworkWithPyramidAndRegions(seed: UInt64) throws {
    let list = RegionList(capacity: 4)
    let fixture = try GradientFixture(seed: seed) { b in
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
    let fixture = try GradientFixture(seed: seed) { b in
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

  /// Both memory orders: 32 channels lie in blocks, 6 do not.
  @Test(arguments: [6, 32]) func weightedMeans(channels: Int) throws {
    let weights = PlaceWeights(batch: 2, height: 8, width: 8)
    let fixture = try GradientFixture(seed: 6) { b in
      let image = try b.input(height: 8, width: 8, channels: 16, gradient: true)
      let x = try b.convolution(image, channels: channels, kernel: 3, name: "a")
      let means = try b.add(try b.weightedMean(x, weights: weights), try b.globalAveragePool(x))
      return (
        image,
        [
          try b.linear(means, outputs: 3, bias: false, name: "out"),
          try b.convolution(x, channels: 4, kernel: 1, name: "b"),
        ]
      )
    }
    try fixture.hold(seed: 6, tolerance: 4e-3, "even")
    var generator = SeededGenerator(seed: 7)
    for image in 0..<2 { for place in 0..<64 { weights[image][place] = Float(generator.uniform()) } }
    try fixture.hold(seed: 7, tolerance: 4e-3, "uneven")
  }

  @Test func aWeightedMeanIsOneOfItsOwnWeights() throws {
    let builder = NetworkBuilder(batch: 2)
    let weights = PlaceWeights(batch: 2, height: 3, width: 2)
    let x = try builder.input(height: 3, width: 2, channels: 5)
    let mean = try builder.weightedMean(x, weights: weights)
    #expect(throws: NetworkError.self) {
      try builder.weightedMean(x, weights: PlaceWeights(batch: 1, height: 3, width: 2))
    }
    let network = try builder.build(seed: 0)
    var generator = SeededGenerator(seed: 3)
    for index in x.data.indices { x.data[index] = Float(generator.normal()) }
    for image in 0..<2 { for place in 0..<6 { weights[image][place] = Float(generator.uniform()) } }
    try network.forward(training: false)
    for image in 0..<2 {
      for channel in 0..<5 {
        let wanted = (0..<6).reduce(0.0) {
          $0 + Double(weights[image][$1]) * Double(x.data[(image * 6 + $1) * 5 + channel])
        }
        #expect(abs(Double(mean.data[image * 5 + channel]) - wanted) < 1e-5, "image \(image), channel \(channel)")
      }
    }
  }

  @Test func fusedReLUEqualsSeparateReLU() throws {
    func gradients(fused: Bool) throws -> ([Float], [Float]) {
      let fixture = try GradientFixture(seed: 9) { b in
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
