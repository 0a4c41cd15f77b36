import Foundation
import GoldenData
import Proxy
import Testing

/// Segmentation folders: what is read, and what is said where something is wrong.
@Suite struct SegmentationReadingTests {
  /// A sound folder of three classes; pictures are 10 × 6 pixels.
  private func folder(classes: String? = #"{"classes":["a","b","c"]}"#, splits: [String: Int]) throws -> TemporaryFolder
  {
    let folder = try TemporaryFolder()
    if let classes { try folder.write(classes, to: "classes.json") }
    for (split, count) in splits {
      for number in 0..<count {
        try folder.write(picture, to: "images/\(split)/p\(number).png")
        try folder.write(map(), to: "annotations/\(split)/p\(number).png")
      }
    }
    return folder
  }

  private let picture = PNGWriter.encode(RGBImage(width: 10, height: 6, gray: 77)) ?? []

  private func map(_ change: (Int, Int) -> UInt8? = { _, _ in nil }) -> [UInt8] {
    LabelFile.png(width: 10, height: 6) { x, y in change(x, y) ?? UInt8(x == 9 ? 255 : (x + y) % 3) }
  }

  private func open(
    _ folder: TemporaryFolder, longestSide: Int = 256, cache: DecodedCache? = nil
  ) throws -> SegmentationSplits {
    try SegmentationReader.open(
      folder.url.path, settings: SegmentationDataSettings(longestSide: longestSide), cache: cache)
  }

  private func message(_ folder: TemporaryFolder) -> String {
    do {
      _ = try open(folder)
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }

  @Test func threeSplitsAreTheThreeParts() throws {
    let splits = try open(try folder(splits: ["train": 4, "val": 2, "test": 3]))
    #expect(splits.searchTrain.images.map(\.name) == (0..<4).map { "p\($0).png" })
    #expect(splits.searchValidation.images.count == 2 && splits.holdOut.images.count == 3)
    #expect(splits.classes == ["a", "b", "c"] && splits.problems.isEmpty)
    let labels = try #require(splits.searchTrain.images.first).labels
    #expect((labels.width, labels.height) == (10, 6))
    #expect(labels.labels[0] == 0 && labels.labels[9] == 255 && labels.labels[11] == 2)
    #expect(splits.searchTrain.pixelCounts.reduce(0, +) == 4 * 54)
  }

  @Test func twoSplitsDivideTrainBySeedAndKeepValForTheEnd() throws {
    let folder = try folder(splits: ["train": 10, "val": 3])
    let (splits, again) = (try open(folder), try open(folder))
    #expect(splits.searchTrain.images.count == 8 && splits.searchValidation.images.count == 2)
    #expect(splits.holdOut.images.count == 3)
    let names = splits.searchTrain.images.map(\.name) + splits.searchValidation.images.map(\.name)
    #expect(Set(names).count == 10)
    #expect(splits.contentHash == again.contentHash)
    let other = try SegmentationReader.open(
      folder.url.path, settings: SegmentationDataSettings(splitSeed: 2), cache: nil)
    #expect(other.contentHash != splits.contentHash)
  }

  @Test func withoutNamesClassesAreNumberedUpToTheLargestOfTrain() throws {
    let folder = try folder(classes: nil, splits: ["train": 3, "val": 1])
    #expect(try open(folder).classes == ["class 0", "class 1", "class 2"])
    try folder.write(map { x, y in x == 4 && y == 2 ? 7 : nil }, to: "annotations/val/p0.png")
    #expect(
      message(folder).contains("annotations/val/p0.png: column 4, row 2: label 7, but there are 3 classes (0 to 2)"))
  }

  @Test func everyFormOfLabelMapGivesItsNumbers() throws {
    let folder = try folder(splits: ["train": 2, "val": 1, "test": 1])
    func label(_ x: Int, _ y: Int) -> UInt8 { UInt8((x + y) % 2) }
    let wanted = (0..<6).flatMap { y in (0..<10).map { label($0, y) } }
    for (depth, isPalette, gamma) in [
      (1, false, nil), (2, false, nil), (4, false, nil), (8, false, nil), (8, true, nil), (8, false, 100_000),
      (8, true, 45_455), (4, false, 100_000),
    ] as [(Int, Bool, UInt32?)] {
      let file = LabelFile.png(
        width: 10, height: 6, depth: depth, isPalette: isPalette, gamma: gamma, label: label)
      try folder.write(file, to: "annotations/train/p1.png")
      let found = try open(folder).searchTrain.images[1].labels.labels
      #expect(found == wanted, "\(depth) bits, palette \(isPalette), gamma \(gamma ?? 0)")
    }
    let high = LabelFile.png(width: 10, height: 6, isPalette: true) { x, _ in x < 5 ? 2 : 255 }
    try folder.write(high, to: "annotations/train/p1.png")
    #expect(
      try open(folder).searchTrain.images[1].labels.labels.prefix(10) == [2, 2, 2, 2, 2, 255, 255, 255, 255, 255])
  }

  @Test func aWrittenLabelMapIsReadAgain() throws {
    let folder = try folder(classes: nil, splits: ["train": 2, "val": 1, "test": 1])
    let map = LabelMap(width: 10, height: 6, labels: (0..<60).map { UInt8($0 % 7 == 0 ? 255 : $0 % 5 * 50) })
    try folder.write(try #require(PNGWriter.encode(map)), to: "annotations/train/p1.png")
    #expect(try open(folder).searchTrain.images[1].labels == map)
    #expect(PNGWriter.encode(LabelMap(width: 0, height: 3, labels: [])) == nil)
  }

  @Test func whatIsWrongIsNamedWithItsFile() throws {
    let good = ["train": 3, "val": 2]
    var found: [(String, String)] = []
    func broken(_ wanted: String, _ breaking: (TemporaryFolder) throws -> Void) throws {
      let folder = try folder(splits: good)
      try breaking(folder)
      found.append((message(folder), wanted))
    }
    try broken("annotations/train/p1.png: column 3, row 0: label 3, but there are 3 classes (0 to 2)") {
      try $0.write(map { x, y in x == 3 ? 3 : nil }, to: "annotations/train/p1.png")
    }
    try broken("annotations/val/p0.png: size: 9 x 6 pixels, its picture images/val/p0.png has 10 x 6") {
      try $0.write(LabelFile.png(width: 9, height: 6) { _, _ in 0 }, to: "annotations/val/p0.png")
    }
    try broken("annotations/train/p2.png: cannot be decoded (is not a PNG file)") {
      try $0.write("text", to: "annotations/train/p2.png")
    }
    try broken("annotations/train/p2.png: cannot be decoded (the file is empty)") {
      try $0.write("", to: "annotations/train/p2.png")
    }
    try broken("annotations/train/p2.png: cannot be decoded (holds colours;") {
      try $0.write(picture, to: "annotations/train/p2.png")
    }
    try broken("annotations/train/p2.png: cannot be decoded (") {
      try $0.write(Array(map().prefix(60)), to: "annotations/train/p2.png")
    }
    try broken("images/train/p0.png: cannot be decoded (neither JPEG nor PNG)") {
      try $0.write("text", to: "images/train/p0.png")
    }
    try broken("annotations/val/extra.png: cannot be read (no such file, but there is images/val/extra.png)") {
      try $0.write(picture, to: "images/val/extra.png")
    }
    try broken("images/val/extra.jpg: cannot be read (no such file, but there is annotations/val/extra.png)") {
      try $0.write(map(), to: "annotations/val/extra.png")
    }
    try broken("images/train/p1.png: name: its label map belongs to images/train/p1.jpg too") {
      try $0.write(PictureFixtures.rgbJPEG, to: "images/train/p1.jpg")
    }
    try broken("classes.json: classes[1]: is the number 2, expected a text") {
      try $0.write(#"{"classes":["a",2]}"#, to: "classes.json")
    }
    try broken("classes.json: classes[2]: 'a' is the name of label 0 too") {
      try $0.write(#"{"classes":["a","b","a"]}"#, to: "classes.json")
    }
    try broken("classes.json: classes: 1 name(s), expected 2 to 255") {
      try $0.write(#"{"classes":["a"]}"#, to: "classes.json")
    }
    try broken("annotations/train: no usable image in split 'train'; the first problem: every pixel is ignored (255)") {
      for number in 0..<3 { try $0.write(map { _, _ in 255 }, to: "annotations/train/p\(number).png") }
    }
    try broken("images/val: no usable image in split 'val'") {
      for number in 0..<2 {
        try FileManager.default.removeItem(at: $0.url.appendingPathComponent("images/val/p\(number).png"))
      }
    }
    for (message, wanted) in found { #expect(message.contains(wanted), "\(message) lacks: \(wanted)") }
  }

  @Test func otherFoldersAreRefusedInWords() throws {
    let empty = try TemporaryFolder()
    #expect(message(empty).contains("not the layout of segmentation data"))
    #expect(throws: DatasetError.folderMissing(path: "/no/such")) {
      try SegmentationReader.open("/no/such", cache: nil)
    }
    #expect(throws: DatasetError.self) {
      try SegmentationReader.open("synthetic", settings: SegmentationDataSettings(longestSide: 8))
    }
  }

  @Test func largePicturesAreScaledDownWithTheirLabelsOnce() throws {
    let folder = try TemporaryFolder()
    for split in ["train", "val", "test"] {
      try folder.write(
        PNGWriter.encode(RGBImage(width: 80, height: 40, gray: 50)) ?? [], to: "images/\(split)/a.png")
      let labels = LabelFile.png(width: 80, height: 40) { x, y in x < 40 ? 0 : y < 20 ? 1 : 2 }
      try folder.write(labels, to: "annotations/\(split)/a.png")
    }
    let cache = DecodedCache(folder: folder.url.appendingPathComponent("cache"))
    let fresh = try open(folder, longestSide: 40, cache: cache)
    let kept = try open(folder, longestSide: 40, cache: cache)
    let without = try open(folder, longestSide: 40)
    #expect(fresh.contentHash == kept.contentHash && fresh.contentHash == without.contentHash)
    let image = try #require(kept.searchTrain.images.first)
    #expect((image.width, image.height) == (40, 20))
    let wanted = (0..<20).flatMap { y in (0..<40).map { x -> UInt8 in x < 20 ? 0 : y < 10 ? 1 : 2 } }
    #expect(image.labels.labels == wanted)
    let files = try FileManager.default.contentsOfDirectory(atPath: cache.folder.path)
    #expect(files.count == 1)
    // A damaged cache is made anew.
    let file = cache.folder.appendingPathComponent(try #require(files.first))
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: file)
    let mended = try open(folder, longestSide: 40, cache: cache)
    #expect(mended.contentHash == fresh.contentHash && mended.problems.map(\.kind) == [.cacheUnreadable])
  }

  @Test func syntheticScenesLabelWhatTheirMasksShow() throws {
    let settings = SyntheticSettings(trainImages: 5, validationImages: 2, holdOutImages: 3)
    let splits = try SegmentationReader.open(
      "synthetic", settings: SegmentationDataSettings(synthetic: settings), cache: nil)
    let scenes = SyntheticScenes(settings: settings).splits(DataSettings(height: 120, width: 160))
    #expect(splits.classes == ["background"] + scenes.classes)
    #expect(splits.searchValidation.images.count == 2 && splits.holdOut.images.count == 3)
    for (image, scene) in zip(splits.searchTrain.images, scenes.searchTrain.images) {
      #expect(image.pixels == scene.pixels && image.name == scene.name)
      var labels = [UInt8](repeating: 0, count: image.width * image.height)
      for (mask, label) in zip(scene.originalMasks, scene.labels) {
        for (place, isSet) in try #require(mask).bitmap().enumerated() where isSet { labels[place] = UInt8(label + 1) }
      }
      #expect(image.labels.labels == labels, "\(image.name)")
    }
  }

  private static func missing(_ name: String) -> Comment {
    "the data set \(name) is not here; set AUTOLOSS_TEST_DATA to the folder that holds it"
  }

  @Test(.enabled(if: realDataFolder("dubai-aerial") != nil, missing("dubai-aerial"))) func dubaiAerial() throws {
    let folder = try #require(realDataFolder("dubai-aerial"))
    let splits = try SegmentationReader.open(folder.path, cache: nil)
    #expect(splits.classes == ["building", "land", "road", "vegetation", "water"] && splits.problems.isEmpty)
    #expect(splits.searchTrain.images.count == 233)
    #expect(splits.searchTrain.pixelCounts == [1_097_044, 3_708_126, 729_922, 897_287, 2_096_074])
    #expect(splits.searchValidation.pixelCounts == [197_705, 720_479, 123_302, 165_296, 220_089])
    #expect(splits.holdOut.pixelCounts == [349_867, 1_619_910, 231_059, 144_151, 521_815])
  }

  @Test(.enabled(if: realDataFolder("nuclei") != nil, missing("nuclei"))) func nuclei() throws {
    let folder = try #require(realDataFolder("nuclei"))
    let splits = try SegmentationReader.open(folder.path, cache: nil)
    #expect(splits.classes == ["background", "nucleus"] && splits.problems.isEmpty)
    #expect(splits.searchTrain.pixelCounts == [24_200_363, 3_912_021])
    #expect(splits.holdOut.images.count == 99 && splits.holdOut.images.map(\.width).max() == 256)
  }
}
