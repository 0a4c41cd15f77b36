import Networks
import Randomness
import Tensors
import Testing

/// RoIAlign's gradient against finite differences in every feature. The layer is linear in its features, so wide steps
/// measure slopes up to rounding.
@Suite struct RoIAlignGradientTests {
  /// Channels through every path of the kernels: single ones, 16 and 64 at once.
  @Test(arguments: [3, 18, 67], 0..<4 as Range<UInt64>)
  func everyFeatureHasItsSlope(channels: Int, seed: UInt64) throws {
    for (ratio, isAligned) in [(0, true), (1, false), (2, true), (3, false)] {
      var generator = SeededGenerator(seed: seed)
      let list = RegionList(capacity: 6)
      let builder = NetworkBuilder(batch: 2)
      let levels = [
        try builder.input("fine", height: 6, width: 7, channels: channels, gradient: true),
        try builder.input("coarse", height: 3, width: 4, channels: channels, gradient: true),
      ]
      let output = try builder.roiAlign(
        levels: levels, scales: [0.25, 0.125], regions: list, bins: Extent(2, 3), samplingRatio: ratio,
        aligned: isAligned)
      let network = try builder.build(seed: seed)
      list.regions = Self.regions(&generator)
      let weights = (0..<output.shape.count).map { _ in Float(generator.normal()) }
      for level in levels { for place in level.data.indices { level.data[place] = Float(generator.normal()) } }
      func loss() throws -> Double {
        try network.forward(training: true)
        return zip(output.data, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      _ = try loss()
      for place in weights.indices { output.gradient[place] = weights[place] }
      try network.backward()
      for (index, level) in levels.enumerated() {
        let slopes = try level.data.indices.map { place in
          let here = level.data[place]
          level.data[place] = here + 4
          let above = try loss()
          level.data[place] = here - 4
          let below = try loss()
          level.data[place] = here
          return Float((above - below) / 8)
        }
        #expect(slopes.contains { $0 != 0 })
        expectClose(
          Array(level.gradient), slopes, tolerance: 1e-5,
          "\(channels) channels, ratio \(ratio), aligned \(isAligned), seed \(seed), level \(index)")
      }
    }
  }

  /// Inside, thin, over the border and covering everything; one row of the list stays free.
  private static func regions(_ generator: inout SeededGenerator) -> [Region] {
    (0..<5).map { index in
      let (x, y) = (generator.uniform(-6, 20), generator.uniform(-6, 16))
      let (width, height) = index == 0 ? (0.5, 0.7) : (generator.uniform(3, 30), generator.uniform(3, 30))
      return Region(
        image: index % 2, level: index / 2 % 2, x1: Float(x), y1: Float(y), x2: Float(x + width), y2: Float(y + height))
    }
  }
}
