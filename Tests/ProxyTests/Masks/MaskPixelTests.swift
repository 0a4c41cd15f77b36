import GoldenData
import Proxy
import Randomness
import Testing

/// Targets cut out of masks and masks pasted into images, against PyTorch.
struct MaskPixelTests {
  private static func box(_ row: GoldenValue) -> BoundingBox {
    let corners = row["box"].floats
    return BoundingBox(x1: corners[0], y1: corners[1], x2: corners[2], y2: corners[3])
  }

  private static func mask(_ row: GoldenValue) -> InstanceMask? {
    let size = row["size"].integers
    return InstanceMask(width: size[1], height: size[0], counts: row["counts"].integers)
  }

  @Test func everyRowIsThere() {
    #expect(maskRows("head").count == 3 && maskRows("target").count == 60 && maskRows("paste").count == 60)
  }

  @Test func targetsAgree() throws {
    for (index, row) in maskRows("target").enumerated() {
      let side = try #require(row["side"].int)
      let mask = try #require(Self.mask(row))
      let expected = row["target"].integers.map { $0 == 1 }
      let cropper = MaskCropper(side: side)
      let found = cropper.targets(of: mask, boxes: [(Self.box(row), false), (Self.box(row), true)])
      #expect(found[0] == expected, "row \(index)")
      let mirrored = (0..<side * side).map { (pixel: Int) -> Bool in
        expected[pixel / side * side + side - 1 - pixel % side]
      }
      #expect(found[1] == mirrored, "row \(index), mirrored")
    }
  }

  @Test func pastedMasksAgree() throws {
    for (index, row) in maskRows("paste").enumerated() {
      let patch = MaskPatch(
        side: row["probabilities"].shape[0], probabilities: row["probabilities"].floats)
      let expected = try #require(Self.mask(row))
      let box = Self.box(row)
      let found = patch.mask(
        in: AnnotatedBox(x: Double(box.x1), y: Double(box.y1), width: Double(box.width), height: Double(box.height)),
        width: expected.width, height: expected.height)
      #expect(found == expected, "row \(index): \(found.counts), \(expected.counts)")
    }
  }

  /// A cropper that has seen a large mask cuts a small one as a fresh one does.
  @Test func nothingIsLeftOfTheMaskBefore() {
    let cropper = MaskCropper(side: 4)
    let box = BoundingBox(x1: 0, y1: 0, x2: 4, y2: 4)
    let full = InstanceMask(width: 50, height: 40) { _, _ in true }
    let corner = InstanceMask(width: 5, height: 6) { x, y in x < 2 && y < 1 }
    #expect(cropper.targets(of: full, boxes: [(box, false)])[0].allSatisfy { $0 })
    #expect(
      cropper.targets(of: corner, boxes: [(box, false)])[0].indices.filter {
        cropper.targets(of: corner, boxes: [(box, false)])[0][$0]
      } == [0, 1])
  }

  @Test(arguments: [
    AnnotatedBox(x: 3, y: 3, width: 0, height: 4), AnnotatedBox(x: 3, y: 3, width: 4, height: -1),
    AnnotatedBox(x: .nan, y: 3, width: 4, height: 4), AnnotatedBox(x: 100, y: 100, width: 4, height: 4),
    AnnotatedBox(x: -50, y: -50, width: 4, height: 4), AnnotatedBox(x: 0, y: 0, width: .infinity, height: 4),
  ])
  func boxesWithoutPixelsGiveEmptyMasks(box: AnnotatedBox) {
    let patch = MaskPatch(side: 2, probabilities: [1, 1, 1, 1])
    let mask = patch.mask(in: box, width: 10, height: 8)
    #expect(mask.area == 0 && mask.counts.reduce(0, +) == 80)
  }

  /// What a flipped input shows of a mask lies where the unflipped one shows it, mirrored.
  @Test func aFlippedInputLeadsToTheSamePixels() throws {
    let scene = DataSettings(
      height: 60, width: 100, synthetic: SyntheticSettings(trainImages: 3, validationImages: 1, holdOutImages: 1))
    let image = try #require(try DatasetReader.open("synthetic", settings: scene).searchTrain.images.first)
    var order = BatchOrder(
      settings: TrainingSettings(imagesPerBatch: 1, flipProbability: 1), imageCount: 1, seed: 1)
    let (plain, flipped) = (InputImage(image), InputImage(image, draw: order.next()))
    let cropper = MaskCropper(side: 14)
    for index in plain.boxes.indices {
      let mask = try #require(plain.masks[index])
      let (first, second) = (plain.inOriginal(plain.boxes[index]), flipped.inOriginal(flipped.boxes[index]))
      #expect(!first.isMirrored && second.isMirrored)
      let targets = cropper.targets(of: mask, boxes: [first, second])
      let agreeing = (0..<196).count { pixel in
        let mirrored: Int = pixel / 14 * 14 + 13 - pixel % 14
        return targets[0][pixel] == targets[1][mirrored]
      }
      #expect(agreeing >= 194, "object \(index): \(agreeing) of 196 pixels")
      #expect(targets[0].contains(true), "object \(index)")
    }
  }
  /// The mask of an object that nothing cuts is the same at every zoom.
  @Test func aZoomedInputLeadsToTheSamePixels() throws {
    let scene = DataSettings(
      height: 60, width: 100, synthetic: SyntheticSettings(trainImages: 3, validationImages: 1, holdOutImages: 1))
    let image = try #require(try DatasetReader.open("synthetic", settings: scene).searchTrain.images.first)
    let settings = TrainingSettings(imagesPerBatch: 1, flipProbability: 0, largestZoom: 1.5)
    var order = BatchOrder(settings: settings, imageCount: 1, seed: 1)
    let (plain, cropper) = (InputImage(image), MaskCropper(side: 14))
    var compared = 0
    for _ in 0..<20 {
      let zoomed = InputImage(image, draw: order.next())
      for (box, mask) in zip(zoomed.boxes, zoomed.masks)
      where box.x1 > 0 && box.y1 > 0 && box.x2 < zoomed.area.width && box.y2 < zoomed.area.height {
        let mask = try #require(mask)
        let index = try #require(plain.masks.firstIndex(of: mask))
        let boxes = [plain.inOriginal(plain.boxes[index]), zoomed.inOriginal(box)]
        let targets = cropper.targets(of: mask, boxes: boxes)
        let agreeing = (0..<196).count { targets[0][$0] == targets[1][$0] }
        #expect(agreeing >= 192, "object \(index): \(agreeing) of 196 pixels")
        compared += 1
      }
    }
    #expect(compared >= 10, "\(compared)")
  }
}
