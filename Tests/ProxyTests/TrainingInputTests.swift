import Proxy
import Testing

/// What a training feeds to the detector: order of images, flips, pixel values.
@Suite struct TrainingInputTests {
  /// 4 × 2 pixels of content in a 6 × 2 input; the value of a pixel is ten times its column.
  static let image = DetectionImage(
    id: 1, name: "ramp",
    pixels: RGBImage(width: 6, height: 2, bytes: (0..<36).map { UInt8($0 / 3 % 6 * 10) }),
    placement: ImagePlacement(originalWidth: 4, originalHeight: 2, height: 2, width: 6),
    boxes: [BoundingBox(x1: 0, y1: 0, x2: 1, y2: 2), BoundingBox(x1: 1, y1: 0, x2: 2, y2: 1)], labels: [2, 0],
    isCrowd: [false, true], areas: [2, 1],
    originalBoxes: [
      AnnotatedBox(x: 0, y: 0, width: 1, height: 2), AnnotatedBox(x: 1, y: 0, width: 1, height: 1),
    ])

  private func row(_ input: InputImage) -> [Float] {
    var pixels = [Float](repeating: 0, count: 36)
    pixels.withUnsafeMutableBufferPointer { input.write(to: $0, by: PictureCut(height: 2, width: 6)) }
    return (0..<6).map { (pixels[$0 * 3] / InputImage.scale + InputImage.center).rounded() }
  }

  private func draws(_ settings: TrainingSettings, images: Int, seed: UInt64, batches: Int) -> [BatchOrder.Draw] {
    var order = BatchOrder(settings: settings, imageCount: images, seed: seed)
    return (0..<batches * settings.imagesPerBatch).map { _ in order.next() }
  }

  @Test func anImageKeepsItsPixelsAndTrainableBoxes() {
    let input = InputImage(Self.image)
    #expect(row(input) == [0, 10, 20, 30, 40, 50])
    #expect(input.boxes == [Self.image.boxes[0]])
    #expect(input.labels == [2])
    #expect(input.ignored == [Self.image.boxes[1]])
    #expect(input.area == ImageArea(width: 4, height: 2))
  }

  @Test func aFlipMirrorsPixelsAndBoxesInsideTheContent() throws {
    let flips = TrainingSettings(imagesPerBatch: 1, flipProbability: 1)
    let draw = try #require(draws(flips, images: 1, seed: 1, batches: 1).first)
    #expect(draw.isFlipped)
    let input = InputImage(Self.image, draw: draw)
    #expect(row(input) == [30, 20, 10, 0, 40, 50])
    #expect(input.boxes == [BoundingBox(x1: 3, y1: 0, x2: 4, y2: 2)])
    #expect(input.ignored == [BoundingBox(x1: 2, y1: 0, x2: 3, y2: 1)])
  }

  @Test func everyPassShowsEveryImageOnce() {
    let settings = TrainingSettings(imagesPerBatch: 4)
    let images = draws(settings, images: 10, seed: 3, batches: 10).map(\.image)
    for pass in 0..<4 {
      #expect(images[(pass * 10)..<(pass * 10 + 10)].sorted() == Array(0..<10))
    }
    #expect(Array(images[..<10]) != Array(images[10..<20]))
  }

  @Test func batchesRepeatFewImages() {
    let images = draws(TrainingSettings(imagesPerBatch: 8), images: 3, seed: 3, batches: 3).map(\.image)
    #expect(images.count == 24)
    #expect((0..<3).allSatisfy { image in images.count { $0 == image } == 8 })
  }

  @Test func theSeedFixesTheOrder() {
    let settings = TrainingSettings(imagesPerBatch: 4, colorJitter: 0.2)
    #expect(
      draws(settings, images: 9, seed: 5, batches: 9) == draws(settings, images: 9, seed: 5, batches: 9))
    #expect(
      draws(settings, images: 9, seed: 5, batches: 9) != draws(settings, images: 9, seed: 6, batches: 9))
    let short = TrainingSettings(steps: 10, imagesPerBatch: 4, warmUpSteps: 0, colorJitter: 0.2)
    #expect(
      draws(settings, images: 9, seed: 5, batches: 9) == draws(short, images: 9, seed: 5, batches: 9),
      "the number of steps must not change the batches")
  }

  @Test func theFlipProbabilityDoesNotChangeTheOrder() {
    let some = draws(TrainingSettings(flipProbability: 0.5), images: 9, seed: 5, batches: 20)
    let none = draws(TrainingSettings(flipProbability: 0), images: 9, seed: 5, batches: 20)
    #expect(some.map(\.image) == none.map(\.image))
    #expect(none.allSatisfy { !$0.isFlipped } && some.contains { $0.isFlipped } && some.contains { !$0.isFlipped })
  }
}
