import Foundation
import GoldenData
import Proxy
import Testing

/// Masks against pycocotools: run lengths, polygons, and every number of mask AP to 1e-9.
struct COCOMaskGoldenTests {
  private static let tolerance = 1e-9

  private static func rows(_ kind: String) throws -> [GoldenValue] {
    try GoldenFile(recorded: "coco_segm.jsonl").rows().filter { $0["kind"].string == kind }
  }

  private static func numbers(_ value: GoldenValue) -> [Int] { value.doubles.map { Int($0) } }

  @Test func runLengthsAreReadAndWrittenAlike() throws {
    let rows = try Self.rows("rle")
    #expect(rows.count == 40)
    for (index, row) in rows.enumerated() {
      let size = Self.numbers(row["size"])
      let mask = try #require(InstanceMask(width: size[1], height: size[0], counts: Self.numbers(row["counts"])))
      let text = try #require(row["compressed"].string)
      #expect(mask.compressedCounts == text, "row \(index)")
      #expect(try InstanceMask(width: size[1], height: size[0], compressed: text.utf8) == mask, "row \(index)")
      #expect(Double(mask.area) == row["area"].double, "row \(index)")
      let box: [Double] = mask.tightBox.map { [$0.x, $0.y, $0.width, $0.height] } ?? []
      #expect(mask.area == 0 || box == row["bbox"].doubles, "row \(index): \(box)")
    }
  }

  @Test func polygonsBecomeTheSamePixels() throws {
    let rows = try Self.rows("polygon")
    #expect(rows.count == 300)
    for (index, row) in rows.enumerated() {
      let size = Self.numbers(row["size"])
      let polygons = (row["segmentation"].array ?? []).map(\.doubles)
      let mask = InstanceMask(width: size[1], height: size[0], polygons: polygons)
      let expected = try #require(InstanceMask(width: size[1], height: size[0], counts: Self.numbers(row["counts"])))
      #expect(mask.bitmap() == expected.bitmap(), "row \(index): \(polygons) in \(size)")
    }
  }

  @Test func everySetAgrees() throws {
    let sets = try Self.rows("set")
    #expect(sets.count == 12)
    for set in sets {
      let name = set["name"].string ?? "?"
      let folder = try TemporaryFolder()
      try folder.write(try #require(set["gt"].string), to: "gt.json")
      try folder.write(try #require(set["dt"].string), to: "dt.json")
      let truth = try COCOInstances(contentsOf: folder.url.appendingPathComponent("gt.json"), masks: .required)
        .groundTruth
      let results = try COCOResultsFile(
        contentsOf: folder.url.appendingPathComponent("dt.json"), groundTruth: truth, comparing: .masks)
      let result = COCOEvaluation.evaluate(groundTruth: truth, detections: results.detections, comparing: .masks)
      let stats = set["stats"].doubles
      #expect(stats.count == 12 && result.stats.count == 12, "\(name)")
      for (index, (ours, theirs)) in zip(result.stats, stats).enumerated() {
        #expect(abs(ours - theirs) <= Self.tolerance, "\(name), \(COCOResult.statNames[index]): \(ours), \(theirs)")
      }
      #expect(result.perClass.count == set["per_class_ap"].object?.count, "\(name)")
      for row in result.perClass {
        let theirs = try #require(set["per_class_ap"][row.category.name].double)
        #expect(abs(row.ap - theirs) <= Self.tolerance, "\(name), \(row.category.name): \(row.ap), \(theirs)")
      }
    }
  }
}
