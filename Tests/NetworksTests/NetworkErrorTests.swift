import Networks
import Testing

/// Each mistake in a description is thrown as its own case, with a message that names the layer.
@Suite struct NetworkErrorTests {
  private enum Expected { case shape, argument, foreign }

  private func expect(
    _ expected: Expected, _ what: String, _ describe: (NetworkBuilder, Value) throws(NetworkError) -> Value
  ) {
    do {
      let builder = NetworkBuilder(batch: 2)
      let x = try builder.input(height: 8, width: 8, channels: 4)
      _ = try describe(builder, x)
      Issue.record("\(what): nothing thrown")
    } catch {
      let found: Expected? =
        switch error {
        case .shapeMismatch: .shape
        case .invalidArgument: .argument
        case .foreignValue: .foreign
        case .oneDNN, .stateSize: nil
        }
      #expect(found == expected, "\(what): \(error)")
      #expect(error.description.contains("layer "), "\(what): \(error)")
    }
  }

  @Test func mistakesAreNamed() {
    expect(.argument, "kernel above input") { b, x throws(NetworkError) in
      try b.convolution(x, channels: 4, kernel: 11, padding: 0, name: "c")
    }
    expect(.argument, "no channels") { b, x throws(NetworkError) in
      try b.convolution(x, channels: 0, kernel: 3, name: "c")
    }
    expect(.argument, "stride 0") { b, x throws(NetworkError) in
      try b.convolution(x, channels: 4, kernel: 3, stride: 0, name: "c")
    }
    expect(.argument, "groups") { b, x throws(NetworkError) in try b.groupNorm(x, groups: 3, name: "g") }
    expect(.argument, "own residual") { b, x throws(NetworkError) in try b.batchNorm(x, adding: x, name: "n") }
    expect(.argument, "padding above half") { b, x throws(NetworkError) in
      try b.maxPool(x, kernel: 2, stride: 2, padding: 2)
    }
    expect(.argument, "window of 256") { b, x throws(NetworkError) in try b.maxPool(x, kernel: 16, padding: 8) }
    expect(.argument, "repeat of an input") { b, x throws(NetworkError) in try b.repeatLayer(of: x, on: x) }
    expect(.argument, "no scale") { b, x throws(NetworkError) in
      try b.roiAlign(levels: [x], scales: [], regions: RegionList(capacity: 1), bins: 2)
    }
    expect(.shape, "sum of two shapes") { b, x throws(NetworkError) in try b.add(x, try b.maxPool(x, kernel: 2)) }
    expect(.shape, "shared on other channels") { b, x throws(NetworkError) in
      let y = try b.convolution(x, channels: 5, kernel: 1, name: "c")
      return try b.repeatLayer(of: y, on: y)
    }
    expect(.foreign, "value of another builder") { b, x throws(NetworkError) in
      let other = NetworkBuilder(batch: 2)
      return try b.relu(try other.input(height: 8, width: 8, channels: 4))
    }
    expect(.foreign, "after the build") { b, x throws(NetworkError) in
      _ = try b.relu(x)
      _ = try b.build(seed: 1)
      return try b.relu(x)
    }
  }

  @Test func regionsOutsideTheBatchAreNamed() throws {
    let b = NetworkBuilder(batch: 1)
    let x = try b.input(height: 4, width: 4, channels: 1)
    let list = RegionList(capacity: 2)
    _ = try b.roiAlign(levels: [x], scales: [1], regions: list, bins: 2)
    let network = try b.build(seed: 1)
    for region in [
      Region(image: 1, x1: 0, y1: 0, x2: 1, y2: 1), Region(image: 0, level: 1, x1: 0, y1: 0, x2: 1, y2: 1),
    ] {
      list.regions = [region]
      #expect(throws: NetworkError.self, "\(region)") { try network.forward(training: true) }
    }
  }

  @Test(arguments: [0, 2]) func regionsWithoutSizeComeOutFinite(samplingRatio: Int) throws {
    let b = NetworkBuilder(batch: 1)
    let x = try b.input(height: 4, width: 4, channels: 3, gradient: true)
    let list = RegionList(capacity: 1)
    let y = try b.roiAlign(levels: [x], scales: [1], regions: list, bins: 2, samplingRatio: samplingRatio)
    let network = try b.build(seed: 1)
    x.data.update(repeating: 1)
    let odd: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, 0, 3]
    for x1 in odd {
      for x2 in odd {
        list.regions = [Region(image: 0, x1: x1, y1: 1, x2: x2, y2: 3)]
        try network.forward(training: true)
        #expect(y.data.allSatisfy { $0.isFinite }, "\(x1) ... \(x2)")
        y.gradient.update(repeating: 1)
        try network.backward()
        #expect(x.gradient.allSatisfy { $0.isFinite }, "\(x1) ... \(x2)")
      }
    }
  }

  @Test func statesOfAnotherSizeAreRefused() throws {
    let b = NetworkBuilder(batch: 1)
    _ = try b.convolution(try b.input(height: 4, width: 4, channels: 1), channels: 2, kernel: 3, name: "c")
    let network = try b.build(seed: 1)
    #expect(throws: NetworkError.stateSize(expected: network.stateCount, found: 3)) { try network.restore([1, 2, 3]) }
  }
}
