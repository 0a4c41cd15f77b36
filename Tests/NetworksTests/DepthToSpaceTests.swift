import Networks
import Testing

/// Channels become pixels where they should, and gradients find their way back.
@Suite struct DepthToSpaceTests {
  @Test func channelsGoToTheirPixels() throws {
    let builder = NetworkBuilder(batch: 2)
    let x = try builder.input(height: 2, width: 3, channels: 8, gradient: true)
    let y = try builder.depthToSpace2x(x)
    let network = try builder.build(seed: 1)
    for index in x.data.indices { x.data[index] = Float(index) }
    try network.forward(training: true)
    #expect(y.shape.height == 4 && y.shape.width == 6 && y.shape.channels == 2)
    for image in 0..<2 {
      for row in 0..<4 {
        for column in 0..<6 {
          for channel in 0..<2 {
            let from = ((image * 2 + row / 2) * 3 + column / 2) * 8 + (row % 2 * 2 + column % 2) * 2 + channel
            let to = ((image * 4 + row) * 6 + column) * 2 + channel
            #expect(y.data[to] == Float(from))
          }
        }
      }
    }
  }

  @Test(arguments: [1, 2] as [UInt64]) func gradientsAgreeWithFiniteDifferences(seed: UInt64) throws {
    let fixture = try GradientFixture(seed: seed) { b in
      let image = try b.input(height: 3, width: 4, channels: 3, gradient: true)
      let four = try b.convolution(image, channels: 16, kernel: 1, name: "four")
      let doubled = try b.depthToSpace2x(four)
      // Two readers of one value: the second adds to the gradient of the first.
      let again = try b.depthToSpace2x(four, name: "again")
      return (image, [try b.convolution(doubled, channels: 2, kernel: 3, name: "out"), again])
    }
    try fixture.hold(seed: seed, tolerance: 4e-3, "depthToSpace")
  }

  @Test func otherChannelsAreRefused() throws {
    let builder = NetworkBuilder(batch: 1)
    let x = try builder.input(height: 2, width: 2, channels: 6)
    #expect(throws: NetworkError.self) { try builder.depthToSpace2x(x) }
  }
}
