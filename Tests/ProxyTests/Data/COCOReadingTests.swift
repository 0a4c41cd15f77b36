import Foundation
import Proxy
import Testing

/// The COCO layout: what is read, and what each kind of bad input leads to.
struct COCOReadingTests {
  @Test func aCorrectFolderIsReadWhole() throws {
    let splits = try SmallDataset.coco(test: SmallDataset.json()).open()
    #expect(splits.problems.isEmpty)
    #expect(splits.classes == ["cat", "dog"])
    #expect(splits.searchTrain.categoryIDs == [3, 7])
    let image = try #require(splits.searchTrain.images.first)
    #expect(image.boxes.first == BoundingBox(x1: 2, y1: 3, x2: 12, y2: 11))
    #expect(image.labels == [0, 1])
    #expect(image.isCrowd == [false, true])
    #expect(image.trainable == [0])
    #expect(image.areas == [70, 400], "the written area is kept")
    #expect(splits.searchTrain.images[1].areas == [768], "a missing area is width x height")
    #expect(image.pixels == RGBImage(width: 32, height: 24, gray: 77))
    #expect(splits.searchTrain.contentHash == splits.holdOut.contentHash)
  }

  @Test func twoSplitsDivideTrain() throws {
    let splits = try SmallDataset.coco().open()
    #expect(splits.searchTrain.images.count == 1)
    #expect(splits.searchValidation.images.count == 1)
    #expect(splits.holdOut.images.count == 2)
  }

  @Test func namesWithAYearAreFound() throws {
    let folder = try SmallDataset.coco()
    let files = FileManager.default
    for split in ["train", "val"] {
      let old = folder.url.appendingPathComponent("annotations/instances_\(split).json")
      try files.moveItem(at: old, to: folder.url.appendingPathComponent("annotations/instances_\(split)2017.json"))
      try files.moveItem(
        at: folder.url.appendingPathComponent(split), to: folder.url.appendingPathComponent("\(split)2017"))
    }
    #expect(try folder.open().problems.isEmpty)
  }

  struct Fatal: Sendable, CustomTestStringConvertible {
    let json: String
    let place: String
    let reason: String
    var testDescription: String { "\(place): \(reason)" }
  }

  static let fatal: [Fatal] = [
    Fatal(json: "", place: "line 1, column 1", reason: "the text ends where a value is expected"),
    Fatal(json: "{\"images\": [1,\n 2,,]}", place: "line 2, column 4", reason: "unexpected ','"),
    Fatal(json: "{\"images\": [NaN]}", place: "line 1, column 13", reason: "NaN"),
    Fatal(json: "[]", place: "top level", reason: "an array of 0, expected an object"),
    Fatal(json: "{}", place: "categories", reason: "missing"),
    Fatal(json: SmallDataset.json(categories: "[]"), place: "categories", reason: "holds no category"),
    Fatal(json: SmallDataset.json(categories: "{}"), place: "categories", reason: "an object, expected an array"),
    Fatal(
      json: SmallDataset.json(categories: #"[{"name":"cat"}]"#), place: "categories[0].id", reason: "missing"),
    Fatal(
      json: SmallDataset.json(categories: #"[{"id":"3","name":"cat"}]"#), place: "categories[0].id",
      reason: "the text \"3\", expected an integer"),
    Fatal(json: SmallDataset.json(images: "null"), place: "images", reason: "missing"),
    Fatal(json: SmallDataset.json(images: "[7]"), place: "images[0]", reason: "the number 7, expected an object"),
    Fatal(json: SmallDataset.json(images: #"[{"id":1}]"#), place: "images[0].file_name", reason: "missing"),
    Fatal(
      json: SmallDataset.json(images: #"[{"id":1.5,"file_name":"a.png"}]"#), place: "images[0].id",
      reason: "expected an integer"),
    Fatal(
      json: SmallDataset.json(annotations: #"[{"image_id":1,"category_id":3}]"#), place: "annotations[0].bbox",
      reason: "missing"),
    Fatal(
      json: SmallDataset.json(annotations: #"[{"image_id":1,"category_id":3,"bbox":[1,2,3]}]"#),
      place: "annotations[0].bbox", reason: "3 numbers, expected 4"),
    Fatal(
      json: SmallDataset.json(annotations: #"[{"image_id":1,"category_id":3,"bbox":[1,2,"3",4]}]"#),
      place: "annotations[0].bbox[2]", reason: "the text \"3\", expected a number"),
    Fatal(
      json: SmallDataset.json(annotations: #"[{"image_id":1,"bbox":[1,2,3,4]}]"#),
      place: "annotations[0].category_id", reason: "missing"),
    Fatal(
      json: SmallDataset.json(annotations: #"[{"image_id":1,"category_id":3,"bbox":[1,2,3,4],"iscrowd":2}]"#),
      place: "annotations[0].iscrowd", reason: "expected 0 or 1"),
    Fatal(
      json: SmallDataset.json(categories: #"[{"id":3,"name":"cat"}]"#, annotations: "[]"),
      place: "instances_val.json", reason: "all splits need the same categories"),
    Fatal(json: SmallDataset.json(images: "[]", annotations: "[]"), place: "train", reason: "no usable image"),
    Fatal(json: SmallDataset.json(annotations: "[]"), place: "train", reason: "no box to learn from"),
  ]

  @Test(arguments: fatal) func malformedFilesNamePlaceAndReason(_ row: Fatal) throws {
    let folder = try SmallDataset.coco(train: row.json)
    let error = #expect(throws: DatasetError.self) { try folder.open() }
    let message = error?.description ?? ""
    #expect(message.contains(row.place) && message.contains(row.reason), "\(message)")
    #expect(!message.contains("\n"))
  }

  struct Mild: Sendable, CustomTestStringConvertible {
    let json: String
    let kind: DataProblem.Kind
    let entry: String
    let boxes: Int
    var testDescription: String { "\(kind.rawValue) at \(entry)" }
  }

  private static func annotation(_ keys: String) -> String {
    SmallDataset.json(
      annotations: "[{\"id\":9,\"image_id\":2,\"category_id\":3,\"bbox\":[1,1,5,5]},{\(keys)}]")
  }

  static let mild: [Mild] = [
    Mild(
      json: annotation(
        #""image_id":1,"category_id":3,"bbox":[4,10,5,5],"segmentation":{"size":[24,32],"counts":[3]}"#),
      kind: .badMask, entry: "annotations[1].segmentation.counts", boxes: 2),
    Mild(
      json: annotation(#""image_id":1,"category_id":3,"bbox":[4,10,5,5],"segmentation":[[1,2,3,4,5]]"#),
      kind: .badMask, entry: "annotations[1].segmentation[0]", boxes: 2),
    Mild(
      json: annotation(#""image_id":1,"category_id":3,"bbox":[20,10,20,10]"#), kind: .boxClipped,
      entry: "annotations[1]", boxes: 2),
    Mild(
      json: annotation(#""image_id":1,"category_id":3,"bbox":[-40,10,20,10]"#), kind: .boxOutside,
      entry: "annotations[1]", boxes: 1),
    Mild(
      json: annotation(#""image_id":1,"category_id":3,"bbox":[4,10,0,10]"#), kind: .boxEmpty,
      entry: "annotations[1]", boxes: 1),
    Mild(
      json: annotation(#""image_id":1,"category_id":3,"bbox":[4,10,5,-1]"#), kind: .boxEmpty,
      entry: "annotations[1]", boxes: 1),
    Mild(
      json: annotation(#""image_id":1,"category_id":4,"bbox":[4,10,5,5]"#), kind: .unknownCategory,
      entry: "annotations[1].category_id", boxes: 1),
    Mild(
      json: annotation(#""image_id":11,"category_id":3,"bbox":[4,10,5,5]"#), kind: .unknownImage,
      entry: "annotations[1].image_id", boxes: 1),
    Mild(
      json: annotation(#""id":9,"image_id":1,"category_id":3,"bbox":[4,10,5,5]"#), kind: .duplicateID,
      entry: "annotations[1]", boxes: 1),
    Mild(
      json: SmallDataset.json(
        images: #"[{"id":1,"file_name":"a.png"},{"id":2,"file_name":"b.png"},{"id":2,"file_name":"a.png"}]"#),
      kind: .duplicateID, entry: "images[2]", boxes: 3),
    Mild(
      json: SmallDataset.json(categories: #"[{"id":3,"name":"cat"},{"id":7,"name":"dog"},{"id":3,"name":"cow"}]"#),
      kind: .duplicateID, entry: "categories[2]", boxes: 3),
    Mild(
      json: SmallDataset.json(images: #"[{"id":1,"file_name":"a.png"},{"id":2,"file_name":"gone.png"}]"#),
      kind: .missingImage, entry: "", boxes: 2),
    Mild(
      json: SmallDataset.json(
        images: #"[{"id":1,"file_name":"a.png"},{"id":2,"file_name":"b.png","width":24,"height":32}]"#),
      kind: .sizeMismatch, entry: "images[1]", boxes: 2),
  ]

  @Test(arguments: mild) func singleFaultsAreListedAndTheRestIsRead(_ row: Mild) throws {
    // A test split keeps train whole.
    let splits = try SmallDataset.coco(train: row.json, test: SmallDataset.json()).open()
    #expect(splits.problems.map(\.kind) == [row.kind], "\(splits.problems)")
    #expect(splits.problems.first?.entry == row.entry)
    #expect(splits.problems.allSatisfy { !$0.mend.isEmpty && !$0.description.contains("\n") })
    #expect(splits.searchTrain.images.reduce(0) { $0 + $1.boxes.count } == row.boxes)
    for image in splits.searchTrain.images {
      for box in image.originalBoxes {
        #expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 32 && box.y + box.height <= 24)
      }
    }
  }

  @Test(arguments: [(24, 32, true), (32, 25, false)])
  func swappedSidesHintAtATurnedPicture(width: Int, height: Int, hints: Bool) throws {
    let images = """
      [{"id":1,"file_name":"a.png"},{"id":2,"file_name":"b.png","width":\(width),"height":\(height)}]
      """
    let splits = try SmallDataset.coco(train: SmallDataset.json(images: images), test: SmallDataset.json()).open()
    #expect(splits.problems.map(\.kind) == [.sizeMismatch])
    let message = try #require(splits.problems.first).description
    #expect(message.contains("turned by its EXIF orientation") == hints, "\(message)")
  }

  @Test func aClassWithoutANameIsNamed() throws {
    let json = SmallDataset.json(categories: #"[{"id":3,"name":" "},{"id":7}]"#)
    let folder = try SmallDataset.coco(train: json, test: json)
    try folder.write(json, to: "annotations/instances_val.json")
    let splits = try folder.open()
    #expect(splits.classes == ["class-3", "class-7"])
    #expect(splits.problems.allSatisfy { $0.kind == .unnamedClass } && splits.problems.count == 6)
  }

  @Test func undecodablePicturesAreLeftOut() throws {
    let folder = try SmallDataset.coco(test: SmallDataset.json())
    try folder.write("no picture", to: "train/b.png")
    let splits = try folder.open()
    #expect(splits.searchTrain.images.map(\.name) == ["a.png"])
    #expect(splits.problems.map(\.kind) == [.undecodableImage])
    #expect(splits.problems.first?.description.contains("train/b.png") == true)
  }

  @Test func missingFoldersAndFiles() throws {
    let empty = try TemporaryFolder()
    #expect(throws: DatasetError.layoutUnknown(path: empty.url.path)) { try empty.open() }
    let nowhere = empty.url.path + "/nowhere"
    #expect(throws: DatasetError.folderMissing(path: nowhere)) { try DatasetReader.open(nowhere, cache: nil) }
    let folder = try SmallDataset.coco()
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("annotations/instances_val.json"))
    let error = #expect(throws: DatasetError.self) { try folder.open() }
    #expect(error?.code == "fileUnreadable" && error?.description.contains("instances_val.json") == true)
  }

  @Test func settingsOutOfRangeAreNamed() throws {
    let rows: [(DataSettings, String)] = [
      (DataSettings(height: 8), "height"), (DataSettings(width: 4000), "width"),
      (DataSettings(validationFraction: 0), "validationFraction"),
      (DataSettings(validationFraction: .nan), "validationFraction"),
      (DataSettings(synthetic: SyntheticSettings(holdOutImages: 0)), "synthetic.holdOutImages"),
    ]
    for (settings, name) in rows {
      let error = #expect(throws: DatasetError.self) { try DatasetReader.open("synthetic", settings: settings) }
      #expect(error?.code == "invalidSetting" && error?.description.contains(name) == true)
    }
  }
}
