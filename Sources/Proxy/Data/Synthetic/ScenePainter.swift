import Randomness

/// Draws one scene: background, clutter, objects from back to front, thin clutter over them, noise.
struct ScenePainter {
  /// A drawn object: its class and how many pixels it would own if nothing covered it.
  struct Instance {
    let kind: SceneClass
    let fullPixels: Int
  }

  private(set) var canvas: SceneCanvas
  private(set) var instances: [Instance] = []
  private var generator: SeededGenerator

  private static let objectsPerScene = 2...7
  private static let placementTries = 12
  /// Half the side of an object in pixels: smallest, and the span above it (small ones are more frequent).
  private static let smallestReach = 7.5
  private static let reachSpan = 24.0
  /// An object may not be covered by later ones beyond this share of its pixels.
  private static let mostCovered = 0.5

  init(width: Int, height: Int, generator: SeededGenerator) {
    canvas = SceneCanvas(width: width, height: height)
    self.generator = generator
    drawBackground()
    for _ in 0..<self.generator.integer(in: 3...8) { drawBlob() }
    for _ in 0..<self.generator.integer(in: Self.objectsPerScene) { drawObject() }
    for _ in 0..<self.generator.integer(in: 0...3) { drawBar() }
  }

  /// The finished picture.
  mutating func picture() -> RGBImage {
    let amplitude = generator.uniform(6, 22)
    var noise = generator
    return canvas.rendered(amplitude: amplitude) {
      let word = noise.next()
      return (Self.signed(word), Self.signed(word >> 21), Self.signed(word >> 42))
    }
  }

  /// The lowest 20 bits as the difference of two 10-bit numbers: triangular in (−1, 1).
  private static func signed(_ word: UInt64) -> Double {
    (Double(word & 1023) - Double((word >> 10) & 1023)) * 0x1p-10
  }

  /// A muted colour: gray with a tint.
  private mutating func muted() -> SceneColor {
    let gray = generator.uniform(60, 190)
    return SceneColor(
      red: gray + generator.uniform(-22, 22), green: gray + generator.uniform(-22, 22),
      blue: gray + generator.uniform(-22, 22))
  }

  /// A direction on the unit circle from the rational parametrisation: no sine, no cosine.
  private mutating func direction() -> (cosine: Double, sine: Double) {
    let t = generator.uniform(-1, 1)
    let (cosine, sine) = ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t))
    return generator.chance(0.5) ? (cosine, sine) : (-cosine, sine)
  }

  private func pixel(_ x: Int, _ y: Int) -> Int { y * canvas.width + x }
}

// Background and clutter.
extension ScenePainter {
  /// A linear gradient between two muted colours with two octaves of value noise.
  private mutating func drawBackground() {
    let (first, second) = (muted(), muted())
    let (cosine, sine) = direction()
    let coarse = ValueNoise(cell: 40, width: canvas.width, height: canvas.height, generator: &generator)
    let fine = ValueNoise(cell: 11, width: canvas.width, height: canvas.height, generator: &generator)
    let strength = generator.uniform(8, 38)
    let length = Double(canvas.width + canvas.height)
    canvas.fill { x, y in
      let along = (Double(x) * cosine + Double(y) * sine) / length + 0.5
      let shade = (coarse.value(x, y) + 0.5 * fine.value(x, y)) * strength
      let base = first.mixed(second, min(max(along, 0), 1))
      return SceneColor(red: base.red + shade, green: base.green + shade, blue: base.blue + shade)
    }
  }

  /// Clutter behind the objects: a muted, elongated ellipse.
  private mutating func drawBlob() {
    let color = muted()
    let (cosine, sine) = direction()
    let long = generator.uniform(6, 30)
    let short = long * generator.uniform(0.12, 0.4)
    let patches = canvas.patches(
      x: generator.uniform(0, Double(canvas.width)), y: generator.uniform(0, Double(canvas.height)), reach: long
    ) { dx, dy in
      let (u, v) = ((dx * cosine + dy * sine) / long, (dy * cosine - dx * sine) / short)
      return u * u + v * v <= 1 ? color : nil
    }
    canvas.paint(patches, owner: -1)
  }

  /// Clutter before the objects: a thin muted bar that takes pixels from the masks below it.
  private mutating func drawBar() {
    let color = muted()
    let (cosine, sine) = direction()
    let half = generator.uniform(12, 45)
    let thickness = generator.uniform(0.8, 1.6)
    let patches = canvas.patches(
      x: generator.uniform(0, Double(canvas.width)), y: generator.uniform(0, Double(canvas.height)), reach: half
    ) { dx, dy in
      abs(dx * cosine + dy * sine) <= half && abs(dy * cosine - dx * sine) <= thickness ? color : nil
    }
    canvas.paint(patches, owner: -1)
  }
}

// Objects.
extension ScenePainter {
  private static let weights = SceneClass.allCases.map(\.frequency)

  /// Draws one object where it hides no other too far; gives up after some tries.
  private mutating func drawObject() {
    let kind = SceneClass.allCases[generator.index(weights: Self.weights) ?? 0]
    let size = generator.uniform()
    let reach = Self.smallestReach + Self.reachSpan * size * size
    for _ in 0..<Self.placementTries {
      let patches = objectPatches(kind, reach: reach)
      let owned = patches.filter { $0.coverage >= 0.5 }.map(\.index)
      guard isAcceptable(owned, reach: reach) else { continue }
      canvas.paint(patches, owner: instances.count)
      instances.append(Instance(kind: kind, fullPixels: owned.count))
      return
    }
  }

  private func isAcceptable(_ owned: [Int], reach: Double) -> Bool {
    // Enough of it inside the picture: the thinnest outline fills about a fifth of its square.
    guard Double(owned.count) >= 0.7 * reach * reach else { return false }
    var visible = [Int](repeating: 0, count: instances.count)
    for owner in canvas.owners where owner >= 0 { visible[owner] += 1 }
    var remaining = visible
    for index in owned where canvas.owners[index] >= 0 { remaining[canvas.owners[index]] -= 1 }
    return instances.indices.allSatisfy {
      remaining[$0] == visible[$0]
        || Double(remaining[$0]) >= (1 - Self.mostCovered) * Double(instances[$0].fullPixels)
    }
  }

  /// The object's pixels: turned by up to about 27 degrees, stretched a little, jittered in colour, shaded across.
  private mutating func objectPatches(_ kind: SceneClass, reach: Double) -> [SceneCanvas.Patch] {
    let t = generator.uniform(-0.24, 0.24)
    let (cosine, sine) = ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t))
    let stretch = generator.uniform(0.82, 1.0)
    let isWide = generator.chance(0.5)
    let (halfWidth, halfHeight) = (isWide ? reach : reach * stretch, isWide ? reach * stretch : reach)
    let light = generator.uniform(0.8, 1.15)
    let base = kind.color
    let color = SceneColor(
      red: base.red * light + generator.uniform(-26, 26), green: base.green * light + generator.uniform(-26, 26),
      blue: base.blue * light + generator.uniform(-26, 26))
    let shading = generator.uniform(-0.18, 0.18)
    // Up to a third of the reach may lie outside the picture.
    let inset = reach * 0.67
    let x = generator.uniform(inset, Double(canvas.width) - inset)
    let y = generator.uniform(inset, Double(canvas.height) - inset)
    return canvas.patches(x: x, y: y, reach: reach * 1.3) { dx, dy in
      let (u, v) = ((dx * cosine + dy * sine) / halfWidth, (dy * cosine - dx * sine) / halfHeight)
      guard kind.contains(u, v) else { return nil }
      return color.scaled(kind.texture(u, v) * (1 + shading * u))
    }
  }
}

/// Smooth noise of −1 to 1: random values on a grid, interpolated bilinearly.
struct ValueNoise {
  private let cell: Int
  private let columns: Int
  private let values: [Double]

  init(cell: Int, width: Int, height: Int, generator: inout SeededGenerator) {
    self.cell = cell
    columns = width / cell + 2
    let rows = height / cell + 2
    values = (0..<columns * rows).map { _ in generator.uniform(-1, 1) }
  }

  func value(_ x: Int, _ y: Int) -> Double {
    let (column, row) = (x / cell, y / cell)
    let (right, down) = (Double(x % cell) / Double(cell), Double(y % cell) / Double(cell))
    let place = row * columns + column
    let top = values[place] + (values[place + 1] - values[place]) * right
    let bottom = values[place + columns] + (values[place + columns + 1] - values[place + columns]) * right
    return top + (bottom - top) * down
  }
}
