import Foundation
import Proxy
import Testing

/// Results files: good ones are scored as recorded, bad ones name file, entry and key.
struct COCOResultsFileTests {
  private static let truth = COCOGroundTruth(
    imageIDs: [5], categories: [COCOCategory(id: 2, name: "cat")],
    boxes: [
      GroundTruthBox(
        imageID: 5, categoryID: 2, box: AnnotatedBox(x: 1, y: 1, width: 8, height: 8), area: 64, isCrowd: false)
    ])

  private static func read(_ text: String) throws -> COCOResultsFile {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "dt.json")
    return try COCOResultsFile(
      contentsOf: folder.url.appendingPathComponent("dt.json"), groundTruth: truth, name: "dt.json")
  }

  @Test func aGoodFileIsScored() throws {
    let file = try Self.read(#"[{"image_id":5,"category_id":2,"bbox":[1,1,8,8],"score":0.5,"extra":null}]"#)
    let result = COCOEvaluation.evaluate(groundTruth: Self.truth, detections: file.detections)
    #expect(abs(result.ap - 1) < 1e-12 && file.problems.isEmpty)
    #expect(result.stats[4] == -1, "no medium box: nothing to average")
  }

  @Test(arguments: [
    ("{", "dt.json: line 1, column 2: expected a key"), ("{}", "dt.json: top level: is an object, expected an array"),
    ("[1]", "dt.json: [0]: is the number 1"), ("[{}]", "dt.json: [0].image_id: missing"),
    (#"[{"image_id":5,"category_id":2,"score":1}]"#, "dt.json: [0].bbox: missing"),
    (#"[{"image_id":5,"category_id":2,"bbox":[1,2,3],"score":1}]"#, "dt.json: [0].bbox: 3 numbers, expected 4"),
    (#"[{"image_id":5,"category_id":2,"bbox":[1,2,3,4],"score":"x"}]"#, "dt.json: [0].score: is the text"),
    (#"[{"image_id":5,"category_id":2,"bbox":[1,2,3,4]}]"#, "dt.json: [0].score: missing"),
    (#"[{"image_id":6,"category_id":2,"bbox":[1,2,3,4],"score":1}]"#, "has no image 6"),
  ])
  func badFilesNameThePlace(_ text: String, _ message: String) throws {
    let error = #expect(throws: DatasetError.self) { try Self.read(text) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test func aMissingFileIsNamed() {
    let error = #expect(throws: DatasetError.self) {
      try COCOResultsFile(contentsOf: URL(fileURLWithPath: "/nowhere/dt.json"), groundTruth: Self.truth)
    }
    #expect(
      error?.description.contains("/nowhere/dt.json: cannot be read (No such file or directory)") == true,
      "\(String(describing: error))")
  }

  @Test func anUnknownCategoryDoesNotCount() throws {
    let file = try Self.read(#"[{"image_id":5,"category_id":9,"bbox":[1,1,8,8],"score":0.5}]"#)
    #expect(file.detections.isEmpty && file.problems.map(\.kind) == [.unknownCategory])
  }
}
