import Proxy
import Testing

/// Parts of a data set: subsets, one image per class, hashes, the division of train.
struct DatasetTests {
  private static let few = SyntheticSettings(trainImages: 80, validationImages: 20, holdOutImages: 10)
  private static let dataset = SyntheticScenes(settings: few).splits().searchTrain

  @Test func onePerClassHoldsEveryClass() {
    let small = Self.dataset.onePerClass()
    #expect(small.images.count <= Self.dataset.classes.count)
    #expect(small.boxCounts.allSatisfy { $0 > 0 }, "\(small.boxCounts)")
    #expect(small == Self.dataset.onePerClass())
    #expect(small.images.map(\.id) == small.images.map(\.id).sorted())
  }

  @Test func theMedianObjectIsThatOfTheTrainableBoxes() throws {
    let image = try #require(Self.dataset.images.first)
    func median(_ sides: [(width: Float, height: Float, isCrowd: Bool)]) -> Double? {
      let boxes = sides.map { BoundingBox(x1: 3, y1: 5, x2: 3 + $0.width, y2: 5 + $0.height) }
      let changed = DetectionImage(
        id: 1, name: "", pixels: image.pixels, placement: image.placement, boxes: boxes,
        labels: boxes.map { _ in 0 }, isCrowd: sides.map(\.isCrowd), areas: boxes.map { _ in 1 },
        originalBoxes: boxes.map { image.placement.original($0) })
      return DetectionDataset(classes: ["a"], categoryIDs: [1], images: [changed]).medianObjectSize
    }
    #expect(median([]) == nil && median([(9, 9, true)]) == nil)
    #expect(median([(4, 9, false)]) == 6)
    #expect(median([(16, 16, false), (4, 4, false), (9, 4, false), (1, 1, true)]) == 6)
    #expect(median([(16, 16, false), (4, 4, false)]) == 16)
    #expect((Self.dataset.medianObjectSize ?? 0) > 12, "synthetic scenes take the usual input")
  }

  @Test func theHashSeesEveryDecidingPart() throws {
    let image = try #require(Self.dataset.images.first)
    func hash(
      classes: [String] = ["a", "b"], ids: [Int] = [1, 2], pixels: RGBImage? = nil, labels: [Int]? = nil,
      crowd: [Bool]? = nil, areas: [Double]? = nil, boxes: [AnnotatedBox]? = nil
    ) -> String {
      let changed = DetectionImage(
        id: image.id, name: image.name, pixels: pixels ?? image.pixels, placement: image.placement,
        boxes: image.boxes, labels: labels ?? image.labels, isCrowd: crowd ?? image.isCrowd,
        areas: areas ?? image.areas, originalBoxes: boxes ?? image.originalBoxes)
      return DetectionDataset(classes: classes, categoryIDs: ids, images: [changed]).contentHash
    }
    var pixels = image.pixels
    pixels.bytes[pixels.bytes.count - 1] ^= 1
    var boxes = image.originalBoxes
    boxes[0].x += 1e-9
    let hashes = [
      hash(), hash(classes: ["a", "c"]), hash(ids: [1, 3]), hash(pixels: pixels),
      hash(labels: image.labels.map { $0 + 1 }),
      hash(crowd: image.isCrowd.map { !$0 }), hash(areas: image.areas.map { $0 + 1 }), hash(boxes: boxes),
    ]
    #expect(Set(hashes).count == hashes.count)
    #expect(hash() == hash())
  }

  @Test func trainIsDividedBySeed() throws {
    let entries = 1...50
    let images = entries.map { "{\"id\":\($0),\"file_name\":\"a.png\"}" }.joined(separator: ",")
    let boxes = entries.map { "{\"image_id\":\($0),\"category_id\":3,\"bbox\":[1,1,5,5]}" }.joined(separator: ",")
    let folder = try SmallDataset.coco(
      train: SmallDataset.json(images: "[\(images)]", annotations: "[\(boxes)]"))
    func divide(_ seed: UInt64, _ fraction: Double) throws -> (train: [Int], validation: [Int]) {
      let settings = DataSettings(height: 24, width: 32, validationFraction: fraction, splitSeed: seed)
      let splits = try DatasetReader.open(folder.url.path, settings: settings, cache: nil)
      return (splits.searchTrain.images.map(\.id), splits.searchValidation.images.map(\.id))
    }
    for (fraction, count) in [(0.2, 10), (0.001, 1), (0.999, 49)] {
      let parts = try divide(1, fraction)
      #expect(parts.validation.count == count)
      #expect((parts.train + parts.validation).sorted() == Array(entries), "every image in exactly one part")
      #expect(parts.train == parts.train.sorted())
    }
    #expect(try divide(1, 0.2).validation == divide(1, 0.2).validation)
    #expect(try divide(1, 0.2).validation != divide(2, 0.2).validation)
  }
}
