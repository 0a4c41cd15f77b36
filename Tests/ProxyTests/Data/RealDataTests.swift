import GoldenData
import Proxy
import Testing

/// Whole real data sets, where they lie beside the checkout.
struct RealDataTests {
  private static func open(_ name: String, height: Int = 120, width: Int = 160) throws -> DetectionSplits {
    let folder = try #require(realDataFolder(name))
    return try DatasetReader.open(folder.path, settings: DataSettings(height: height, width: width), cache: nil)
  }

  private static func missing(_ name: String) -> Comment {
    "the data set \(name) is not here; set AUTOLOSS_TEST_DATA to the folder that holds it"
  }

  @Test(.enabled(if: realDataFolder("bccd") != nil, missing("bccd"))) func bccd() throws {
    let splits = try Self.open("bccd")
    #expect(splits.problems.isEmpty, "\(splits.problems)")
    #expect(splits.classes == ["RBC", "WBC", "Platelets"])
    #expect(splits.searchTrain.images.count == 206 && splits.searchTrain.boxCounts == [2408, 215, 211])
    #expect(splits.searchValidation.images.count == 86 && splits.searchValidation.boxCounts == [940, 86, 81])
    #expect(splits.holdOut.images.count == 72 && splits.holdOut.boxCounts == [805, 71, 69])
  }

  @Test(.enabled(if: realDataFolder("aquarium") != nil, missing("aquarium"))) func aquarium() throws {
    let splits = try Self.open("aquarium", height: 128, width: 128)
    #expect(splits.problems.isEmpty, "\(splits.problems)")
    #expect(splits.searchTrain.images.count == 448 && splits.searchTrain.boxCounts.reduce(0, +) == 3323)
    #expect(splits.searchTrain.images.contains { $0.boxes.isEmpty }, "a picture without animals stays")
    for image in splits.searchTrain.images {
      for box in image.boxes { #expect(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 128 && box.y2 <= 128) }
    }
  }

  @Test(.enabled(if: realDataFolder("coco-ccby") != nil, missing("coco-ccby"))) func cocoWithCrowds() throws {
    let splits = try Self.open("coco-ccby")
    #expect(splits.problems.isEmpty, "\(splits.problems)")
    #expect(splits.classes.count == 80 && splits.searchTrain.categoryIDs.last == 90)
    #expect(splits.searchTrain.images.count + splits.searchValidation.images.count == 24)
    #expect(splits.holdOut.images.count == 40)
    #expect(splits.holdOut.images.flatMap(\.isCrowd).count { $0 } == 6)
  }

  @Test(.enabled(if: realDataFolder("bccd-voc") != nil && realDataFolder("bccd") != nil, missing("bccd-voc")))
  func theSameBoxesInBothLayouts() throws {
    struct Labelled: Hashable {
      let name: String
      let box: AnnotatedBox
    }
    func boxes(_ splits: DetectionSplits) -> [String: (pixels: RGBImage, boxes: [Labelled])] {
      var result: [String: (pixels: RGBImage, boxes: [Labelled])] = [:]
      for image in [splits.searchTrain, splits.searchValidation, splits.holdOut].flatMap(\.images) {
        let labelled = zip(image.labels, image.originalBoxes).map { Labelled(name: splits.classes[$0], box: $1) }
        result[image.name] = (image.pixels, labelled)
      }
      return result
    }
    let voc = try Self.open("bccd-voc")
    #expect(voc.problems.isEmpty, "\(voc.problems)")
    let (ours, theirs) = (boxes(voc), boxes(try Self.open("bccd")))
    #expect(ours.count == 150)
    for (name, image) in ours {
      let twin = try #require(theirs[name], "\(name)")
      #expect(Set(image.boxes) == Set(twin.boxes), "\(name)")
      #expect(image.pixels == twin.pixels, "\(name)")
    }
  }
}
