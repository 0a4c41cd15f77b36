import Proxy
import Testing

/// The PASCAL VOC layout: what is read, and what each kind of bad input leads to.
struct VOCReadingTests {
  @Test func aCorrectFolderIsReadWhole() throws {
    let splits = try SmallDataset.voc().open()
    #expect(splits.problems.isEmpty)
    #expect(splits.classes == ["cat & kitten", "dog"])
    let image = try #require(splits.searchTrain.images.first)
    #expect(image.originalBoxes.first == AnnotatedBox(x: 2, y: 3.5, width: 10, height: 7.5))
    #expect(image.labels == [1, 0])
    #expect(splits.holdOut.images.map(\.name) == ["c.png"])
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    let xml: String
    let kind: DataProblem.Kind
    let reason: String
    let images: Int
    var testDescription: String { "\(kind.rawValue): \(reason)" }
  }

  private static func faulty(_ objects: String) -> String { SmallDataset.xml("b", objects: objects) }

  static let faults: [Fault] = [
    Fault(xml: "", kind: .missingAnnotation, reason: "no element", images: 1),
    Fault(xml: "<annotation>\n<size>\n</annotation>", kind: .missingAnnotation, reason: "line 3", images: 1),
    Fault(xml: "<annotation>", kind: .missingAnnotation, reason: "is not closed", images: 1),
    Fault(xml: faulty("&nonsense;"), kind: .missingAnnotation, reason: "unknown entity", images: 1),
    Fault(xml: "<annotation/>x", kind: .missingAnnotation, reason: "text after the end", images: 1),
    Fault(
      xml: faulty(SmallDataset.object("dog", "1", "2", "many", "9")), kind: .badBox, reason: "bndbox.xmax",
      images: 2),
    Fault(xml: faulty("<object><name>dog</name></object>"), kind: .badBox, reason: "bndbox.xmin", images: 2),
    Fault(
      xml: faulty(SmallDataset.object(" ", "1", "2", "3", "9")), kind: .unnamedClass, reason: "without a name",
      images: 2),
    Fault(
      xml: faulty(SmallDataset.object("dog", "9", "2", "3", "9")), kind: .boxEmpty, reason: "has no extent",
      images: 2),
    Fault(
      xml: faulty(SmallDataset.object("dog", "20", "2", "44", "9")), kind: .boxClipped, reason: "reaches over",
      images: 2),
  ]

  @Test(arguments: faults) func singleFaultsAreListedAndTheRestIsRead(_ row: Fault) throws {
    let folder = try SmallDataset.voc(b: row.xml)
    try folder.write("c\n", to: "ImageSets/Main/test.txt")
    let splits = try folder.open()
    #expect(splits.problems.map(\.kind) == [row.kind], "\(splits.problems)")
    #expect(splits.problems.first?.description.contains(row.reason) == true, "\(splits.problems)")
    #expect(splits.searchTrain.images.count == row.images)
  }

  @Test func aClassThatTrainDoesNotKnowIsReported() throws {
    let objects = SmallDataset.object("horse", "1", "1", "9", "9") + SmallDataset.object("dog", "1", "1", "9", "9")
    let splits = try SmallDataset.voc(c: SmallDataset.xml("c", objects: objects)).open()
    #expect(splits.problems.map(\.kind) == [.unknownCategory])
    #expect(splits.problems.first?.reason.contains("'horse'") == true)
    #expect(splits.holdOut.images.first?.labels == [1])
  }

  @Test func listsNameEachImageOnce() throws {
    let folder = try SmallDataset.voc()
    try folder.write("a 1\nb -1\na 1\n\nmissing\n", to: "ImageSets/Main/train.txt")
    let splits = try folder.open()
    #expect(splits.problems.map(\.kind) == [.duplicateID, .missingAnnotation], "\(splits.problems)")
    #expect(splits.searchTrain.images.count + splits.searchValidation.images.count == 2)
  }
}
