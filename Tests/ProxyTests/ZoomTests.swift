import Proxy
import Randomness
import Testing

/// Enlarged and shrunk inputs: boxes stay on what they show, and what is cut off is no object.
@Suite struct ZoomTests {
  static let width = 48
  static let height = 36

  /// A dark picture of 40 × 36 in an input of 48 × 36 with one bright object.
  static func image(_ box: BoundingBox, isCrowd: Bool = false) -> DetectionImage {
    var pixels = RGBImage(width: width, height: height, gray: 128)
    for y in 0..<height {
      for x in 0..<40 {
        let isInside = Float(x) >= box.x1 && Float(x) < box.x2 && Float(y) >= box.y1 && Float(y) < box.y2
        for channel in 0..<3 { pixels.bytes[(y * width + x) * 3 + channel] = isInside ? 250 : 10 }
      }
    }
    return DetectionImage(
      id: 1, name: "bright", pixels: pixels,
      placement: ImagePlacement(originalWidth: 80, originalHeight: 72, height: height, width: width), boxes: [box],
      labels: [3], isCrowd: [isCrowd], areas: [Double(box.area)],
      originalBoxes: [
        AnnotatedBox(
          x: Double(box.x1) * 2, y: Double(box.y1) * 2, width: Double(box.width) * 2, height: Double(box.height) * 2)
      ])
  }

  static func order(_ seed: UInt64, zoom: Double, flips: Double = 0.5) -> BatchOrder {
    let settings = TrainingSettings(imagesPerBatch: 1, flipProbability: flips, largestZoom: zoom)
    return BatchOrder(settings: settings, imageCount: 1, seed: seed)
  }

  /// Grey values of the first channel.
  static func pixels(_ input: InputImage) -> [Float] {
    var numbers = [Float](repeating: .nan, count: width * height * 3)
    numbers.withUnsafeMutableBufferPointer { input.write(to: $0, by: PictureCut(height: height, width: width)) }
    return (0..<width * height).map { numbers[$0 * 3] / InputImage.scale + InputImage.center }
  }

  @Test(arguments: 0..<100) func theObjectIsWhereItsBoxIs(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let (x, y) = (Float(generator.integer(in: 0...25)), Float(generator.integer(in: 0...20)))
    let box = BoundingBox(
      x1: x, y1: y, x2: x + Float(generator.integer(in: 6...14)), y2: y + Float(generator.integer(in: 6...14)))
    var order = Self.order(seed, zoom: 2.5)
    for round in 0..<5 {
      let draw = order.next()
      let input = InputImage(Self.image(box), draw: draw)
      let pixels = Self.pixels(input)
      let scale = Float(draw.zoom?.scale ?? 1)
      for row in 0..<Self.height {
        for column in 0..<Self.width {
          let (u, v) = (Float(column) + 0.5, Float(row) + 0.5)
          // What is seen of the object, learned or left out; pixels at its border are mixtures.
          let margin = 0.6 * max(scale, 1) + 0.5
          let isBright = (input.boxes + input.ignored).contains {
            u > $0.x1 + margin && u < $0.x2 - margin && v > $0.y1 + margin && v < $0.y2 - margin
          }
          let isFar = (input.boxes + input.ignored).allSatisfy {
            u < $0.x1 - margin || u > $0.x2 + margin || v < $0.y1 - margin || v > $0.y2 + margin
          }
          let gray = pixels[row * Self.width + column]
          if isBright { #expect(gray > 200, "seed \(seed), round \(round), \(draw), at \(column), \(row): \(gray)") }
          if isFar { #expect(gray < 140, "seed \(seed), round \(round), \(draw), at \(column), \(row): \(gray)") }
        }
      }
      #expect(input.area == ImageArea(width: 48, height: 36))
      #expect(input.labels == input.boxes.map { _ in 3 } && input.masks.count == input.boxes.count)
    }
  }

  /// Boxes that nothing cuts lead back to the original's.
  @Test(arguments: 0..<50) func boxesLeadBackToTheOriginal(seed: UInt64) throws {
    let box = BoundingBox(x1: 18, y1: 14, x2: 24, y2: 20)
    var order = Self.order(seed, zoom: 1.4)
    for _ in 0..<10 {
      let draw = order.next()
      let input = InputImage(Self.image(box), draw: draw)
      guard let found = input.boxes.first, found.x1 > 0, found.y1 > 0, found.x2 < 48, found.y2 < 36 else { continue }
      let back = input.inOriginal(found)
      #expect(back.isMirrored == draw.isFlipped)
      let sides = zip(back.box.coordinates, [36, 28, 48, 40] as [Float])
      #expect(sides.allSatisfy { abs($0 - $1) < 1e-3 }, "seed \(seed), \(draw): \(back.box)")
    }
  }

  /// An object at the right border in ever larger pictures: whole, cut, left out, gone.
  @Test func whatIsCutOffIsNoObject() throws {
    let box = BoundingBox(x1: 30, y1: 10, x2: 40, y2: 20)
    var (objects, regions, gone) = (0, 0, 0)
    var order = Self.order(7, zoom: 2, flips: 0)
    for _ in 0..<400 {
      let draw = order.next()
      let input = InputImage(Self.image(box), draw: draw)
      let scale = try #require(draw.zoom?.scale)
      #expect((0.5...2).contains(scale))
      #expect(input.boxes.count + input.ignored.count <= 1)
      objects += input.boxes.count
      regions += input.ignored.count
      gone += input.boxes.isEmpty && input.ignored.isEmpty ? 1 : 0
      let whole = Float(100 * scale * scale)
      for seen in input.boxes { #expect(seen.area > 0.27 * whole && seen.width >= 1 && seen.height >= 1) }
      for seen in input.ignored { #expect(seen.area < 0.33 * whole || min(seen.width, seen.height) < 1) }
    }
    #expect(objects > 200 && regions > 5 && gone > 5, "\(objects), \(regions), \(gone)")
    var crowds = 0
    for _ in 0..<50 {
      let input = InputImage(Self.image(box, isCrowd: true), draw: order.next())
      #expect(input.boxes.isEmpty && input.labels.isEmpty)
      crowds += input.ignored.count
    }
    #expect(crowds > 40, "\(crowds)")
  }

  @Test func withoutZoomNothingIsDrawnForIt() {
    let noKey = TrainingSettings(imagesPerBatch: 1, largestZoom: nil)
    var (none, missing) = (Self.order(5, zoom: 1), BatchOrder(settings: noKey, imageCount: 1, seed: 5))
    var zoomed = Self.order(5, zoom: 2)
    for _ in 0..<20 {
      let draw = none.next()
      #expect(draw == missing.next() && draw.zoom == nil)
      #expect(zoomed.next().zoom != nil)
    }
  }
}
