/// The picture under construction, and who owns each pixel.
struct SceneCanvas {
  /// One pixel that something covers, wholly or in part.
  struct Patch {
    let index: Int
    /// 0.25 to 1 in quarters: four samples a pixel.
    let coverage: Double
    let color: SceneColor
  }

  let width: Int
  let height: Int
  private(set) var colors: [SceneColor]
  /// The instance that covers at least half of a pixel; −1 for background and clutter.
  private(set) var owners: [Int]

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    colors = [SceneColor](repeating: SceneColor(red: 0, green: 0, blue: 0), count: width * height)
    owners = [Int](repeating: -1, count: width * height)
  }

  mutating func fill(_ color: (_ x: Int, _ y: Int) -> SceneColor) {
    for y in 0..<height {
      for x in 0..<width { colors[y * width + x] = color(x, y) }
    }
  }

  /// Lays patches over the picture; `owner` takes the pixels that are covered by half or more.
  mutating func paint(_ patches: [Patch], owner: Int) {
    for patch in patches {
      colors[patch.index] = colors[patch.index].mixed(patch.color, patch.coverage)
      if patch.coverage >= 0.5 { owners[patch.index] = owner }
    }
  }

  /// Pixels in which an outline around (x, y) with the given reach has samples; the outline is asked in pixels relative
  /// to its centre and answers with a colour where it covers the sample.
  func patches(x: Double, y: Double, reach: Double, color: (_ dx: Double, _ dy: Double) -> SceneColor?) -> [Patch] {
    let columns = max(0, Int(x - reach - 1))..<max(0, min(width, Int(x + reach + 2)))
    let rows = max(0, Int(y - reach - 1))..<max(0, min(height, Int(y + reach + 2)))
    guard !columns.isEmpty, !rows.isEmpty else { return [] }
    var patches: [Patch] = []
    for row in rows {
      for column in columns {
        var sum = SceneColor(red: 0, green: 0, blue: 0)
        var hits = 0.0
        for (sampleX, sampleY) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
          if let sample = color(Double(column) + sampleX - x, Double(row) + sampleY - y) {
            sum.red += sample.red
            sum.green += sample.green
            sum.blue += sample.blue
            hits += 1
          }
        }
        if hits > 0 {
          patches.append(Patch(index: row * width + column, coverage: hits / 4, color: sum.scaled(1 / hits)))
        }
      }
    }
    return patches
  }

  /// 8 bits a channel, after adding noise of −1 to 1 times `amplitude`, drawn by the caller for each pixel.
  func rendered(amplitude: Double, noise: () -> (Double, Double, Double)) -> RGBImage {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * height * 3)
    for color in colors {
      let (red, green, blue) = noise()
      bytes.append(Self.byte(color.red + red * amplitude))
      bytes.append(Self.byte(color.green + green * amplitude))
      bytes.append(Self.byte(color.blue + blue * amplitude))
    }
    return RGBImage(width: width, height: height, bytes: bytes)
  }

  private static func byte(_ value: Double) -> UInt8 { UInt8(min(max(value, 0), 255)) }
}
