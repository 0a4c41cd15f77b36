import Proxy
import Randomness
import Testing

/// Crops against plain loops in Double, and the order of draws.
@Suite struct ImageCropperTests {
  private func image(width: Int, height: Int, seed: UInt64) -> SegmentationImage {
    var generator = SeededGenerator(seed: seed)
    return SegmentationImage(
      name: "\(seed)",
      pixels: RGBImage(
        width: width, height: height, bytes: (0..<width * height * 3).map { _ in UInt8(generator.integer(in: 0...255)) }
      ),
      labels: LabelMap(
        width: width, height: height, labels: (0..<width * height).map { _ in UInt8(generator.integer(in: 0...4)) }))
  }

  private func cut(
    _ cropper: ImageCropper, _ image: SegmentationImage, _ draw: CropOrder.Draw?
  ) -> (pixels: [Float], labels: [UInt8]) {
    var pixels = [Float](repeating: .nan, count: cropper.height * cropper.width * 3)
    var labels = [UInt8](repeating: 99, count: cropper.height * cropper.width)
    cropper.cut(image, draw: draw, pixels: &pixels, labels: &labels)
    return (pixels, labels)
  }

  @Test func withoutDrawThePictureLiesAtTheTopLeft() {
    let image = image(width: 5, height: 4, seed: 1)
    let found = cut(ImageCropper(height: 6, width: 8), image, nil)
    for y in 0..<6 {
      for x in 0..<8 {
        let inside = x < 5 && y < 4
        #expect(found.labels[y * 8 + x] == (inside ? image.labels.labels[y * 5 + x] : 255))
        for k in 0..<3 {
          let pixel = inside ? Float(image.pixels.bytes[(y * 5 + x) * 3 + k]) : 127.5
          #expect(abs(found.pixels[(y * 8 + x) * 3 + k] - (pixel - 127.5) / 64) < 1e-5, "x \(x), y \(y)")
        }
      }
    }
  }

  /// The weights of a mean are the labelled pixels of each cell over all of them: nothing outside the picture counts.
  @Test func cellsCountByTheirShareOfThePicture() {
    var settings = SegmentationTrainingSettings()
    settings.schedule.imagesPerBatch = 1
    (settings.smallestScale, settings.largestScale) = (0.3, 2.5)
    var order = CropOrder(settings: settings, imageCount: 3, seed: 5)
    let images = [
      image(width: 20, height: 14, seed: 2), image(width: 9, height: 30, seed: 3), image(width: 1, height: 2, seed: 4),
    ]
    let cropper = ImageCropper(height: 24, width: 16)
    for round in 0..<200 {
      let draw = round == 0 ? nil : order.next()
      let labels = cut(cropper, images[draw?.image.image ?? 0], draw).labels
      var shares = [Float](repeating: .nan, count: 6)
      shares.withUnsafeMutableBufferPointer { cropper.writeShares(stride: 8, into: $0) }
      var counts = [Int](repeating: 0, count: 6)
      for place in labels.indices where labels[place] != 255 { counts[place / 16 / 8 * 2 + place % 16 / 8] += 1 }
      let all = counts.reduce(0, +)
      for cell in 0..<6 {
        let wanted = Float(counts[cell]) / Float(all)
        #expect(abs(shares[cell] - wanted) < 1e-6, "round \(round), cell \(cell): \(shares[cell]), wanted \(wanted)")
      }
    }
  }

  /// The value of a scaled picture at a place of it; nil outside.
  private func expected(
    _ image: SegmentationImage, _ draw: CropOrder.Draw, row: Int, column: Int, channel: Int
  ) -> (pixel: Double, label: UInt8)? {
    let scaled = (
      height: max(1, Int((Double(image.height) * draw.scale).rounded())),
      width: max(1, Int((Double(image.width) * draw.scale).rounded()))
    )
    guard (0..<scaled.height).contains(row), (0..<scaled.width).contains(column) else { return nil }
    let column = draw.image.isFlipped ? scaled.width - 1 - column : column
    func source(_ place: Int, _ extent: Int, _ new: Int) -> Double {
      min(max((Double(place) + 0.5) * Double(extent) / Double(new) - 0.5, 0), Double(extent - 1))
    }
    let (v, h) = (source(row, image.height, scaled.height), source(column, image.width, scaled.width))
    func pixel(_ y: Int, _ x: Int) -> Double {
      Double(image.pixels.bytes[(min(y, image.height - 1) * image.width + min(x, image.width - 1)) * 3 + channel])
    }
    let (y, x, q, p) = (Int(v), Int(h), v - v.rounded(.down), h - h.rounded(.down))
    let upper: Double = (1 - p) * pixel(y, x) + p * pixel(y, x + 1)
    let lower: Double = (1 - p) * pixel(y + 1, x) + p * pixel(y + 1, x + 1)
    let row = min(y + (q < 0.5 ? 0 : 1), image.height - 1)
    let nearest = min(x + (p < 0.5 ? 0 : 1), image.width - 1)
    return ((1 - q) * upper + q * lower, image.labels.labels[row * image.width + nearest])
  }

  @Test func drawsAgreeWithPlainLoops() {
    let seed: UInt64 = 11
    var settings = SegmentationTrainingSettings()
    settings.schedule.imagesPerBatch = 1
    (settings.smallestScale, settings.largestScale) = (0.4, 2.5)
    var order = CropOrder(settings: settings, imageCount: 3, seed: seed)
    let images = [
      image(width: 20, height: 14, seed: 2), image(width: 9, height: 30, seed: 3), image(width: 1, height: 2, seed: 4),
    ]
    let cropper = ImageCropper(height: 16, width: 12)
    for round in 0..<200 {
      let draw = order.next()
      let image = images[draw.image.image]
      let found = cut(cropper, image, draw)
      func start(_ extent: Int, _ size: Int, _ share: Double) -> Int {
        let room = max(1, Int((Double(extent) * draw.scale).rounded())) - size
        return room >= 0 ? Int(Double(room + 1) * share) : -Int(Double(1 - room) * share)
      }
      let (top, left) = (start(image.height, 16, draw.down), start(image.width, 12, draw.right))
      let (brightness, contrast) = (Double(draw.image.brightness), Double(draw.image.contrast))
      for place in 0..<16 * 12 {
        let (y, x) = (place / 12 + top, place % 12 + left)
        let what = "seed \(seed), round \(round), row \(place / 12), column \(place % 12), \(draw)"
        for channel in 0..<3 {
          let wanted = expected(image, draw, row: y, column: x, channel: channel)
          let value: Double = wanted.map { ($0.pixel * brightness - 127.5) * contrast / 64 } ?? 0
          #expect(abs(Double(found.pixels[place * 3 + channel]) - value) < 1e-3, "\(what)")
          #expect(found.labels[place] == wanted?.label ?? 255, "\(what)")
        }
      }
    }
  }

  @Test func theOrderIsFixedBySeedAloneAndSeesEveryImage() {
    let settings = SegmentationTrainingSettings()
    var (first, second) = (
      CropOrder(settings: settings, imageCount: 10, seed: 3), CropOrder(settings: settings, imageCount: 10, seed: 3)
    )
    var other = CropOrder(settings: settings, imageCount: 10, seed: 4)
    let draws = (0..<400).map { _ in first.next() }
    #expect(draws == (0..<400).map { _ in second.next() })
    #expect(draws != (0..<400).map { _ in other.next() })
    #expect((0..<10).allSatisfy { image in draws.filter { $0.image.image == image }.count == 40 })
    #expect(draws.allSatisfy { (settings.smallestScale...settings.largestScale).contains($0.scale) })
    #expect(draws.contains { $0.image.isFlipped } && draws.contains { !$0.image.isFlipped })
  }
}
