import Foundation
import Proxy
import Testing

/// Segmentations that are no masks: the message names file, entry and key, and nothing crashes.
struct COCOMaskInputTests {
  private static let good = #"{"size":[4,3],"counts":[2,3,7]}"#

  private static func truth(_ segmentation: String?, image: String = #","width":3,"height":4"#) -> String {
    let member = segmentation.map { ",\"segmentation\":\($0)" } ?? ""
    return #"{"categories":[{"id":2,"name":"cat"}],"images":[{"id":5,"file_name":"a.png"\#(image)}],"annotations":["#
      + #"{"id":1,"image_id":5,"category_id":2,"bbox":[0,0,3,4]\#(member)}]}"#
  }

  private static func read(gt: String, dt: String) throws -> COCOResult {
    let folder = try TemporaryFolder()
    try folder.write(gt, to: "gt.json")
    try folder.write(dt, to: "dt.json")
    let truth = try COCOInstances(
      contentsOf: folder.url.appendingPathComponent("gt.json"), name: "gt.json", masks: .required
    ).groundTruth
    let results = try COCOResultsFile(
      contentsOf: folder.url.appendingPathComponent("dt.json"), groundTruth: truth, comparing: .masks, name: "dt.json")
    return COCOEvaluation.evaluate(groundTruth: truth, detections: results.detections, comparing: .masks)
  }

  private static func detection(_ segmentation: String?) -> String {
    let member = segmentation.map { ",\"segmentation\":\($0)" } ?? ""
    return "[{\"image_id\":5,\"category_id\":2,\"score\":0.5\(member)}]"
  }

  @Test func theSameMaskInAnyFormScoresOne() throws {
    // The pixels (0, 2), (0, 3), (1, 0); and the upper two rows as a polygon and as run lengths.
    let rows = [
      (Self.good, Self.good), (Self.good, #"{"size":[4,3],"counts":"237"}"#),
      ("[[0,0,3,0,3,2,0,2]]", #"{"size":[4,3],"counts":[0,2,2,2,2,2,2]}"#),
      (#"{"size":[4,3],"counts":[0,2,2,2,2,2,2]}"#, "[[0,0,3,0,3,2,0,2]]"),
      (Self.good, #"{"size":[4,3],"counts":[2,1,0,2,7,0,0]}"#),
    ]
    for (truth, detection) in rows {
      let result = try Self.read(gt: Self.truth(truth), dt: Self.detection(detection))
      #expect(abs(result.ap - 1) < 1e-12, "\(truth) \(detection)")
    }
  }

  static let broken: [(segmentation: String?, place: String, reason: String)] = [
    (nil, "segmentation", "missing"), ("null", "segmentation", "missing"), ("[]", "segmentation", "holds no polygon"),
    ("7", "segmentation", "is the number 7"), (#""x""#, "segmentation", "is the text"),
    ("[1,2,3,4,5,6]", "segmentation[0]", "is the number 1"), ("[[1,2,3,4,5,6,7]]", "segmentation[0]", "7 numbers"),
    ("[[1,2,3,4]]", "segmentation[0]", "2 corners"), ("[[]]", "segmentation[0]", "0 corners"),
    (#"[[0,0,1,1,2,2],[0,0,"1",1,2,2]]"#, "segmentation[1]", "number 3 is the text"),
    (#"[[0,0,"nan",1,2,2]]"#, "segmentation[0]", "number 3 is the text"),
    ("[[0,0,1e300,1,2,2]]", "segmentation[0]", "number 3 is 1e+300, too far"),
    ("{}", "segmentation.size", "missing"), (#"{"size":[4],"counts":[12]}"#, "segmentation.size", "1 numbers"),
    (#"{"size":[4,"3"],"counts":[12]}"#, "segmentation.size[1]", "is the text"),
    (#"{"size":[3,4],"counts":[12]}"#, "segmentation.size", "3 x 4 (height x width), its image is 4 x 3"),
    (#"{"size":[9e15,9e15],"counts":[12]}"#, "segmentation.size", "its image is 4 x 3"),
    (#"{"size":[4,3]}"#, "segmentation.counts", "missing"),
    (#"{"size":[4,3],"counts":[11]}"#, "segmentation.counts", "do not sum to height x width (4 x 3)"),
    (#"{"size":[4,3],"counts":[13,-1]}"#, "segmentation.counts", "run 2 is the number -1"),
    (#"{"size":[4,3],"counts":[5,9e18,9e18]}"#, "segmentation.counts", "do not sum"),
    (#"{"size":[4,3],"counts":[1.5,10.5]}"#, "segmentation.counts", "run 1 is the number 1.5"),
    (#"{"size":[4,3],"counts":["12"]}"#, "segmentation.counts", "run 1 is the text"),
    (#"{"size":[4,3],"counts":12}"#, "segmentation.counts", "is the number 12"),
    (#"{"size":[4,3],"counts":"23"}"#, "segmentation.counts", "do not sum"),
    (#"{"size":[4,3],"counts":"23 7"}"#, "segmentation.counts", "character 3 is none of run-length text"),
    (#"{"size":[4,3],"counts":"23W"}"#, "segmentation.counts", "ends inside a number"),
    (#"{"size":[4,3],"counts":"2O"}"#, "segmentation.counts", "run 2 is negative"),
  ]

  @Test(arguments: broken.indices) func brokenMasksNameThePlace(_ row: Int) throws {
    let (segmentation, place, reason) = Self.broken[row]
    for (gt, dt, prefix) in [
      (Self.truth(segmentation), Self.detection(Self.good), "gt.json: annotations[0].\(place)"),
      (Self.truth(Self.good), Self.detection(segmentation), "dt.json: [0].\(place)"),
    ] {
      let error = #expect(throws: DatasetError.self) { try Self.read(gt: gt, dt: dt) }
      let message = error?.description ?? ""
      #expect(message.hasPrefix(prefix) && message.contains(reason) && !message.contains("\n"), "\(message)")
    }
  }

  @Test(arguments: ["", #","width":3"#, #","width":0,"height":4"#, #","width":9e15,"height":9e15"#])
  func imagesWithoutASizeAreNamed(_ size: String) throws {
    let error = #expect(throws: DatasetError.self) {
      try Self.read(gt: Self.truth(Self.good, image: size), dt: Self.detection(Self.good))
    }
    #expect(error?.description.contains("images[0] gives no width and height") == true, "\(String(describing: error))")
  }

  /// Small, medium and large go by the boxes when the first entry has one, as in pycocotools.
  @Test func theFirstEntryDecidesWhatSizesGoBy() throws {
    let stray = #"{"size":[4,3],"counts":[11,1]}"#
    func sizes(_ bbox: String) throws -> Double {
      let dt =
        #"[{"image_id":5,"category_id":2,"score":0.9,"segmentation":\#(stray)\#(bbox)},"#
        + Self.detection(Self.good).dropFirst()
      return try Self.read(gt: Self.truth(Self.good), dt: dt).stats[3]
    }
    #expect(try sizes("") == 0.5 && sizes(#","bbox":[]"#) == 0.5, "a small false positive above the hit")
    #expect(try abs(sizes(#","bbox":[0,0,90,90]"#) - 1) < 1e-12, "a medium one does not count among the small")
  }
}
