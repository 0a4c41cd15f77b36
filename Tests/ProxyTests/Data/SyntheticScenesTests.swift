import Foundation
import Proxy
import Randomness
import Testing

/// The scenes that the program draws: fixed for good, and as the contract describes them.
struct SyntheticScenesTests {
  private static let few = SyntheticSettings(trainImages: 60, validationImages: 20, holdOutImages: 20)
  private static let splits = SyntheticScenes(settings: few).splits()
  private static var images: [DetectionImage] {
    [splits.searchTrain, splits.searchValidation, splits.holdOut].flatMap(\.images)
  }

  /// A change here means new scenes: raise `SyntheticScenes.version` and say so in the changelog.
  @Test func theDefaultScenesAreFixed() throws {
    #expect(SyntheticScenes.version == 1)
    let splits = try DatasetReader.open("synthetic", cache: nil)
    #expect(splits.contentHash == "fd1eeb3d5b4082f204829507b2da9a65")
    #expect(splits.searchTrain.images.count == 400)
    #expect(splits.searchValidation.images.count == 100)
    #expect(splits.holdOut.images.count == 150)
    let counts = splits.searchTrain.boxCounts
    #expect(counts.count >= 6)
    #expect(counts == counts.sorted(by: >), "a long tail: \(counts)")
    #expect((counts.first ?? 0) > 5 * (counts.last ?? 0) && (counts.last ?? 0) > 30, "\(counts)")
    for part in [splits.searchValidation, splits.holdOut] { #expect(part.boxCounts.allSatisfy { $0 > 10 }) }
  }

  @Test func moreScenesLeaveTheEarlierOnesAlone() {
    var settings = Self.few
    settings.trainImages = 70
    let more = SyntheticScenes(settings: settings).splits()
    #expect(Array(more.searchTrain.images.prefix(60)) == Self.splits.searchTrain.images)
    settings.seed = 2
    let other = SyntheticScenes(settings: settings).splits()
    #expect(other.searchTrain.images.first?.pixels != Self.splits.searchTrain.images.first?.pixels)
  }

  @Test func boxesAreTightAroundVisibleMasks() throws {
    for image in Self.images {
      #expect(image.originalMasks.allSatisfy { $0 != nil } && !image.boxes.isEmpty)
      var owned = [Int](repeating: 0, count: image.width * image.height)
      for (index, mask) in image.originalMasks.compactMap({ $0 }).enumerated() {
        let box = try #require(mask.tightBox)
        #expect(box == image.originalBoxes[index], "\(image.name), box \(index)")
        #expect(image.areas[index] == Double(mask.area))
        for (place, isSet) in mask.bitmap().enumerated() where isSet { owned[place] += 1 }
      }
      #expect(owned.allSatisfy { $0 <= 1 }, "\(image.name): no pixel belongs to two instances")
    }
  }

  @Test func sizesVaryAndObjectsHideEachOther() {
    let sides = Self.images.flatMap(\.boxes).map { max($0.width, $0.height) }.sorted()
    let (small, large) = (sides[sides.count / 20], sides[sides.count * 19 / 20])
    #expect(large > 3 * small, "5 % of the sides are below \(small), 5 % above \(large)")
    var overlapping = 0
    for image in Self.images {
      for first in image.boxes.indices {
        for second in image.boxes.indices.dropFirst(first + 1) {
          let (a, b) = (image.boxes[first], image.boxes[second])
          if min(a.x2, b.x2) > max(a.x1, b.x1), min(a.y2, b.y2) > max(a.y1, b.y1) { overlapping += 1 }
        }
      }
    }
    #expect(overlapping > Self.images.count / 4)
  }

  @Test func writtenAsCOCOAndReadAgainNothingChanges() throws {
    let folder = try TemporaryFolder()
    try COCOWriter.write(Self.splits, to: folder.url)
    let read = try DatasetReader.open(folder.url.path, cache: nil)
    #expect(read.problems.isEmpty)
    #expect(read.searchTrain == Self.splits.searchTrain)
    #expect(read.searchValidation == Self.splits.searchValidation)
    #expect(read.contentHash == Self.splits.contentHash)
    let error = #expect(throws: DatasetError.self) { try COCOWriter.write(Self.splits, to: folder.url) }
    #expect(error?.code == "unwritable")
  }

  @Test func anotherInputSizeScalesTheBoxes() throws {
    let splits = SyntheticScenes(settings: Self.few).splits(DataSettings(height: 96, width: 96))
    for (image, native) in zip(splits.searchTrain.images, Self.splits.searchTrain.images) {
      #expect(image.width == 96 && image.height == 96)
      #expect(image.originalMasks == native.originalMasks)
      #expect(image.originalBoxes == native.originalBoxes && image.areas == native.areas)
      for (box, original) in zip(image.boxes, native.boxes) { #expect(abs(box.x2 - original.x2 * 0.6) < 1e-4) }
    }
  }

  @Test(arguments: 1...20) func runLengthsRoundTrip(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let (width, height) = (generator.integer(in: 1...12), generator.integer(in: 1...12))
    let share = generator.uniform()
    let bitmap = (0..<width * height).map { _ in generator.chance(share) }
    let mask = InstanceMask(width: width, height: height) { bitmap[$1 * width + $0] }
    #expect(mask.bitmap() == bitmap, "seed \(seed)")
    #expect(mask.area == bitmap.count { $0 }, "seed \(seed)")
    #expect(InstanceMask(width: width, height: height, counts: mask.counts) == mask)
    #expect(InstanceMask(width: width, height: height, counts: mask.counts + [1]) == nil)
    let set = bitmap.indices.filter { bitmap[$0] }
    let columns = set.map { $0 % width }
    let rows = set.map { $0 / width }
    #expect(mask.tightBox?.x == columns.min().map(Double.init), "seed \(seed)")
    #expect(mask.tightBox.map { $0.y + $0.height } == rows.max().map { Double($0 + 1) }, "seed \(seed)")
    #expect(mask.tightBox.map { $0.x + $0.width } == columns.max().map { Double($0 + 1) }, "seed \(seed)")
    #expect(mask.tightBox?.y == rows.min().map(Double.init), "seed \(seed)")
  }
}
