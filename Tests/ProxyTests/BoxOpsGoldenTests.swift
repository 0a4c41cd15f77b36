import GoldenData
import Proxy
import Testing

/// Every box operation of box_ops.jsonl (RoIAlign is a layer and tested with the networks).
@Suite struct BoxOpsGoldenTests {
  static let tolerance: Float = 2e-6

  @Test(arguments: goldenRows("box_ops.jsonl", ["pairwise"]))
  func pairwiseOverlaps(row: GoldenValue) throws {
    let (a, b) = (row["boxes1"].boxes, row["boxes2"].boxes)
    for (key, measure, least) in Self.measures {
      guard let golden = row[key].array else { continue }
      let ours = measure.pairwise(a, b, guardedBy: least)
      let problem = disagreement(ours, golden.flatMap(\.floats), tolerance: Self.tolerance)
      #expect(problem == nil, "\(row["id"].string ?? "") \(key): \(problem ?? "")")
    }
  }

  @Test(arguments: goldenRows("box_ops.jsonl", ["aligned"]))
  func alignedOverlaps(row: GoldenValue) throws {
    let (a, b) = (row["boxes1"].boxes, row["boxes2"].boxes)
    for (key, measure, least) in Self.measures {
      let golden = row[key].isNull ? row[key + "_diagonal"] : row[key]
      let problem = disagreement(
        measure.aligned(a, b, guardedBy: least), golden.floats, tolerance: Self.tolerance)
      #expect(problem == nil, "\(row["id"].string ?? "") \(key): \(problem ?? "")")
    }
  }

  /// torchvision's measures have no guard, the detectors' own have the standard one.
  static let measures: [(String, OverlapMeasure, Float)] = [
    ("box_iou", .iou, 0), ("generalized_box_iou", .giou, 0),
    ("overlaps_iou", .iou, OverlapMeasure.standardGuard), ("overlaps_iof", .iof, OverlapMeasure.standardGuard),
    ("overlaps_giou", .giou, OverlapMeasure.standardGuard),
  ]

  @Test(arguments: goldenRows("box_ops.jsonl", ["nms", "batched_nms"]))
  func suppression(row: GoldenValue) throws {
    let threshold = try #require(row["iou_threshold"].double.map { Float($0) })
    let (boxes, scores) = (row["boxes"].boxes, row["scores"].floats)
    let kept =
      row["labels"].isNull
      ? NonMaximumSuppression.keep(boxes, scores: scores, threshold: threshold)
      : NonMaximumSuppression.keepBatched(
        boxes, scores: scores, groups: row["labels"].integers, threshold: threshold)
    #expect(kept == row["keep"].integers, "\(row["id"].string ?? "")")
  }

  @Test(arguments: goldenRows("box_ops.jsonl", ["delta_coder"]))
  func deltaCoder(row: GoldenValue) throws {
    let coder = DeltaCoder(
      means: Self.deltas(row["means"].floats[...]), deviations: Self.deltas(row["stds"].floats[...]),
      ratioClip: try #require(row["wh_ratio_clip"].double.map { Float($0) }))
    let anchors = row["anchors"].boxes
    let encoded = zip(row["gt"].boxes, anchors).flatMap { Self.numbers(coder.encode($0, anchor: $1)) }
    #expect(disagreement(encoded, row["encoded"].floats, tolerance: Self.tolerance) == nil)

    let area = row["clip_border"].bool == true ? row["max_shape_hw"].area : nil
    var decoded: [Float] = []
    var gradients: [Float] = []
    let one = BoundingBox(x1: 1, y1: 1, x2: 1, y2: 1)
    for (anchor, values) in zip(anchors, row["deltas"].array ?? []) {
      let numbers = values.floats
      for start in stride(from: 0, to: numbers.count, by: 4) {
        let deltas = Self.deltas(numbers[start..<(start + 4)])
        decoded += coder.decode(deltas, anchor: anchor, clippedTo: area).coordinates
        gradients += Self.numbers(coder.gradient(of: deltas, anchor: anchor, upstream: one, clippedTo: area))
      }
    }
    let problem = disagreement(decoded, row["decoded"].floats, tolerance: Self.tolerance)
    #expect(problem == nil, "\(row["id"].string ?? "") decoded: \(problem ?? "")")
    let slope = disagreement(gradients, row["decoded_sum_grad"].floats, tolerance: Self.tolerance)
    #expect(slope == nil, "\(row["id"].string ?? "") gradient: \(slope ?? "")")
  }

  @Test(arguments: goldenRows("box_ops.jsonl", ["distance_coder"]))
  func distanceCoder(row: GoldenValue) throws {
    let points = (row["points"].array ?? []).map { Point(x: $0.floats[0], y: $0.floats[1]) }
    let distances = (row["distance"].array ?? []).map { value in
      let v = value.floats
      return SideDistances(left: v[0], top: v[1], right: v[2], bottom: v[3])
    }
    let decoded = zip(distances, points).flatMap {
      DistanceCoder.decode($0, from: $1, clippedTo: row["max_shape_hw"].area).coordinates
    }
    #expect(disagreement(decoded, row["decoded"].floats, tolerance: Self.tolerance) == nil)
    let limit = row["max_dis"].double.map { Float($0) }
    let encoded = zip(row["boxes"].boxes, points).flatMap { box, point -> [Float] in
      let d = DistanceCoder.encode(box, from: point, limit: limit, margin: row["eps"].floats[0])
      return [d.left, d.top, d.right, d.bottom]
    }
    #expect(disagreement(encoded, row["encoded"].floats, tolerance: Self.tolerance) == nil)
  }

  @Test func everyRowIsCovered() throws {
    let kinds = try GoldenFile("box_ops.jsonl").rows().map { $0["kind"].string ?? "" }
    let covered: Set = ["pairwise", "aligned", "nms", "batched_nms", "delta_coder", "distance_coder", "roi_align"]
    #expect(kinds.count == 43)
    #expect(kinds.allSatisfy { covered.contains($0) })
  }

  private static func deltas(_ values: ArraySlice<Float>) -> BoxDeltas {
    let v = Array(values)
    return BoxDeltas(dx: v[0], dy: v[1], dw: v[2], dh: v[3])
  }

  private static func numbers(_ d: BoxDeltas) -> [Float] { [d.dx, d.dy, d.dw, d.dh] }
}
