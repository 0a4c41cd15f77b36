import Networks
import Randomness
import Testing

/// Winograd convolutions and the blocked order of inner values must not change what a network computes.
@Suite struct WinogradTests {
  /// Wide enough for blocks: every kind of layer reads or writes a blocked value somewhere.
  static func describe(_ b: NetworkBuilder, _ list: RegionList) throws -> (Value, [Value]) {
    let image = try b.input(height: 21, width: 26, channels: 3, gradient: true)
    let stem = try b.convolution(image, channels: 16, kernel: 3, stride: 2, bias: false, name: "stem")
    let c1 = try b.batchNorm(stem, name: "stem.norm")
    let wide = try b.convolution(c1, channels: 32, kernel: 3, bias: false, name: "wide")
    let c2 = try b.batchNorm(wide, name: "wide.norm")
    let inner = try b.groupNorm(try b.convolution(c2, channels: 32, kernel: 3, name: "a"), groups: 4, name: "a.norm")
    let c3 = try b.batchNorm(
      try b.convolution(inner, channels: 32, kernel: 3, padding: 1, bias: false, name: "b"), adding: c2, name: "b.norm")
    let pooled = try b.averagePool(c3, kernel: 3, stride: 2, padding: 1)
    let c4 = try b.convolution(pooled, channels: 48, kernel: 3, padding: 0, name: "narrower")
    let lateral = try b.convolution(c3, channels: 48, kernel: 1, name: "lateral")
    let fine = try b.resize(c4, height: c3.shape.height, width: c3.shape.width, adding: lateral)
    let smooth = try b.convolution(
      try b.add(fine, try b.resize(c4, height: 11, width: 13, mode: .bilinear(alignsCorners: false))), channels: 48,
      kernel: 3, name: "smooth")
    let grouped = try b.groupNorm(
      try b.convolution(smooth, channels: 32, kernel: 3, name: "c"), groups: 4, name: "c.norm")
    let down = try b.convolution(c3, channels: 64, kernel: 3, stride: 2, name: "down")
    let head = try b.convolution(smooth, channels: 48, kernel: 3, name: "head")
    let again = try b.repeatLayer(of: head, on: c4)
    let scores = try b.convolution(head, channels: 5, kernel: 1, name: "scores")
    let scoresAgain = try b.repeatLayer(of: scores, on: again)
    b.beginStage()
    let regions = try b.roiAlign(levels: [smooth], scales: [0.5], regions: list, bins: 3)
    let boxes = try b.linear(b.flatten(regions), outputs: 4, name: "boxes")
    return (image, [scores, scoresAgain, grouped, try b.globalAveragePool(down), boxes])
  }

  static let regions = [
    Region(image: 0, x1: 1, y1: 2, x2: 19, y2: 17), Region(image: 1, x1: 3, y1: 0, x2: 22, y2: 12),
  ]

  @Test(arguments: [1, 2] as [UInt64]) func agreesWithDirectConvolution(seed: UInt64) throws {
    func run(winograd: Bool) throws -> (outputs: [[Float]], gradients: [(String, [Float])]) {
      let list = RegionList(capacity: 3)
      list.regions = Self.regions
      let fixture = try GradientFixture(seed: seed, winograd: winograd) { try Self.describe($0, list) }
      _ = try fixture.loss()
      try fixture.backward()
      let parameters = fixture.network.parameters
      let gradients = parameters.entries.map { ($0.name, Array(parameters.gradients[$0.range])) }
      return (
        fixture.outputs.map { Array($0.data) }, gradients + [("input", Array(fixture.input.gradient))]
      )
    }
    let (winograd, direct) = (try run(winograd: true), try run(winograd: false))
    for (index, pair) in zip(winograd.outputs, direct.outputs).enumerated() {
      expectClose(pair.0, pair.1, tolerance: 3e-5, "output \(index), seed \(seed)")
    }
    for (found, reference) in zip(winograd.gradients, direct.gradients) {
      // Sums that cancel (a bias before a norm has gradient 0) are held to the scale of one output.
      expectClose(found.1, reference.1, tolerance: 1e-4, floor: 10, "gradient of \(found.0), seed \(seed)")
    }
  }

  @Test func agreesWithFiniteDifferences() throws {
    let list = RegionList(capacity: 3)
    list.regions = Self.regions
    let fixture = try GradientFixture(seed: 3) { try Self.describe($0, list) }
    try fixture.hold(seed: 3, tolerance: 3e-2, "blocked")
  }

  @Test func fusedReLUAndMaxPoolAgree() throws {
    func run(fused: Bool, winograd: Bool) throws -> [Float] {
      let fixture = try GradientFixture(seed: 5, winograd: winograd) { b in
        let image = try b.input(height: 14, width: 14, channels: 16, gradient: true)
        func relu(_ x: Value) throws -> Value { fused ? x : try b.relu(x) }
        let a = try relu(try b.convolution(image, channels: 32, kernel: 3, relu: fused, name: "a"))
        let n = try relu(
          try b.batchNorm(try b.convolution(a, channels: 32, kernel: 3, name: "b"), relu: fused, name: "n"))
        let r =
          fused
          ? try b.batchNorm(try b.convolution(n, channels: 32, kernel: 3, name: "c"), adding: a, relu: true, name: "r")
          : try b.relu(
            try b.add(try b.batchNorm(try b.convolution(n, channels: 32, kernel: 3, name: "c"), name: "r"), a))
        let p = try b.maxPool(r, kernel: 3, stride: 2, padding: 1)
        return (image, [try relu(try b.convolution(p, channels: 32, kernel: 3, relu: fused, name: "out"))])
      }
      _ = try fixture.loss()
      try fixture.backward()
      return fixture.outputs.flatMap { Array($0.data) } + Array(fixture.network.parameters.gradients)
        + Array(fixture.input.gradient)
    }
    let reference = try run(fused: false, winograd: false)
    for (fused, winograd) in [(true, false), (false, true), (true, true)] {
      let found = try run(fused: fused, winograd: winograd)
      expectClose(found, reference, tolerance: 1e-4, "fused \(fused), winograd \(winograd)")
    }
  }

  @Test func innerValuesAreReadableWhenExposed() throws {
    /// Data and gradient of y in x -> v -> w -> y -> z; with `given`, y is an input of its own (start weights go by name).
    func inner(_ given: [Float]?, winograd: Bool) throws -> (data: [Float], gradient: [Float]) {
      let b = NetworkBuilder(batch: 2, winograd: winograd)
      let y: Value
      if given != nil {
        y = try b.input(height: 8, width: 8, channels: 32, gradient: true)
      } else {
        let x = try b.input("x", height: 8, width: 8, channels: 16, gradient: true)
        // Two layers below y, so that its gradient's memory would be taken by theirs.
        let w = try b.convolution(
          try b.convolution(x, channels: 32, kernel: 3, name: "v"), channels: 32, kernel: 3, name: "w")
        y = try b.convolution(w, channels: 32, kernel: 3, name: "y")
        b.expose(y)
      }
      let z = try b.convolution(y, channels: 32, kernel: 3, name: "z")
      let network = try b.build(seed: 1)
      let input = given == nil ? network.inputs[0] : y
      for index in input.data.indices { input.data[index] = given?[index] ?? Float(index % 13) / 13 }
      try network.forward(training: true)
      for index in z.gradient.indices { z.gradient[index] = Float(index % 7) - 3 }
      try network.backward()
      return (Array(y.data), Array(y.gradient))
    }
    let direct = try inner(nil, winograd: false)
    let winograd = try inner(nil, winograd: true)
    let alone = try inner(direct.data, winograd: false)
    #expect(direct.data.count == 2 * 8 * 8 * 32)
    expectClose(winograd.data, direct.data, tolerance: 1e-5, "exposed data")
    expectClose(direct.gradient, alone.gradient, tolerance: 1e-6, "exposed gradient, direct")
    expectClose(winograd.gradient, alone.gradient, tolerance: 1e-5, "exposed gradient, Winograd")
  }
}
