import GoldenData
import Proxy
import Testing

/// COCO box AP against pycocotools: every set, every number, to 1e-9.
struct COCOGoldenTests {
  private static let tolerance = 1e-9

  private static func evaluate(_ set: GoldenValue) -> COCOResult {
    let truths = (set["gt"].array ?? []).map { row in
      let v = row.doubles
      return GroundTruthBox(
        imageID: Int(v[1]), categoryID: Int(v[2]), box: AnnotatedBox(x: v[3], y: v[4], width: v[5], height: v[6]),
        area: v[7], isCrowd: v[8] != 0)
    }
    let found = (set["dt"].array ?? []).map { row in
      let v = row.doubles
      return ScoredBox(
        imageID: Int(v[0]), categoryID: Int(v[1]), box: AnnotatedBox(x: v[2], y: v[3], width: v[4], height: v[5]),
        score: v[6])
    }
    let categories = set["categories"].doubles.map { COCOCategory(id: Int($0), name: "c\(Int($0))") }
    return COCOEvaluation.evaluate(
      groundTruth: COCOGroundTruth(
        imageIDs: set["images"].doubles.map { Int($0) }, categories: categories, boxes: truths),
      detections: found)
  }

  private static func agree(_ ours: [Double], _ theirs: [Double]) -> Bool {
    ours.count == theirs.count && zip(ours, theirs).allSatisfy { abs($0 - $1) <= tolerance }
  }

  @Test func everySetAgrees() throws {
    let golden = try GoldenFile("coco_map.json").object()
    let sets = try #require(golden["sets"].array)
    #expect(sets.count == 30)
    #expect(golden["stats_order"].array?.compactMap(\.string) == COCOResult.statNames)
    for set in sets {
      let name = set["name"].string ?? "?"
      let result = Self.evaluate(set)
      #expect(Self.agree(result.stats, set["stats"].doubles), "\(name): \(result.stats)")
      let classes = set["per_class"].array ?? []
      #expect(result.perClass.count == classes.count, "\(name)")
      for (ours, theirs) in zip(result.perClass, classes) {
        #expect(ours.category.id == theirs["category"].int, "\(name)")
        let numbers = [ours.ap, ours.ap50, ours.ap75, ours.apSmall, ours.apMedium, ours.apLarge, ours.ar100]
        let expected = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"].flatMap { theirs[$0].doubles }
        #expect(Self.agree(numbers, expected), "\(name), class \(ours.category.id): \(numbers)")
      }
    }
  }

  @Test func envelopesAndRecallsAgree() throws {
    let sets = try #require(try GoldenFile("coco_map.json").object()["sets"].array).filter { !$0["recall"].isNull }
    #expect(sets.count == 4)
    for set in sets {
      let name = set["name"].string ?? "?"
      for (row, ours) in Self.evaluate(set).perClass.enumerated() {
        #expect(Self.agree(ours.recall, set["recall"][row].doubles), "\(name), row \(row)")
        let absent = [Double](repeating: -1, count: 101)
        // The envelopes are recorded with 11 digits after the point.
        #expect(Self.agree(ours.precision.isEmpty ? absent : ours.precision[0], set["precision_iou50"][row].doubles))
        #expect(Self.agree(ours.precision.isEmpty ? absent : ours.precision[5], set["precision_iou75"][row].doubles))
      }
    }
  }
}
