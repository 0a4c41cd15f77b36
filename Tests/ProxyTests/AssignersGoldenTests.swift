import GoldenData
import Proxy
import Testing

/// Every row of assigners.jsonl: assignments are integers and agree exactly.
@Suite struct AssignersGoldenTests {
  @Test(arguments: goldenRows("assigners.jsonl", ["max_iou_assign"]))
  func maxIoU(row: GoldenValue) throws {
    let ignore = try #require(row["ignore_iof_thr"].double)
    let assigner = MaxIoUAssigner(
      positiveThreshold: row["pos_iou_thr"].floats[0], negativeThreshold: row["neg_iou_thr"].floats[0],
      minimumPositive: row["min_pos_iou"].floats[0], matchLowQuality: row["match_low_quality"].bool == true,
      ignoreThreshold: ignore > 0 ? Float(ignore) : nil)
    let assignment = assigner.assign(
      row["anchors"].boxes, groundTruths: row["gt_bboxes"].boxes, ignored: row["gt_bboxes_ignore"].boxes)
    expectEqual(assignment, row)
  }

  @Test(arguments: goldenRows("assigners.jsonl", ["atss_assign"]))
  func adaptive(row: GoldenValue) throws {
    let assigner = ATSSAssigner(nearest: try #require(row["topk"].int))
    let assignment = assigner.assign(
      row["anchors"].boxes, levelCounts: row["num_level_anchors"].integers, groundTruths: row["gt_bboxes"].boxes)
    expectEqual(assignment, row)
  }

  private func expectEqual(_ assignment: Assignment, _ row: GoldenValue) {
    let id = row["id"].string ?? ""
    let indices = assignment.matches.map { match -> Int in
      switch match {
      case .ignored: -1
      case .background: 0
      case .object(let index): index + 1
      }
    }
    #expect(indices == row["gt_inds"].integers, "\(id)")
    let labels = row["gt_labels"].integers
    #expect(assignment.matches.map { $0.groundTruth.map { labels[$0] } ?? -1 } == row["labels"].integers, "\(id)")
    let golden = row["max_overlaps"].floats
    let problem = zip(assignment.overlaps, golden).first { abs($0 - $1) > 2e-6 * max(1, abs($1)) }
    #expect(problem == nil, "\(id): \(String(describing: problem))")
  }

  @Test(arguments: goldenRows("assigners.jsonl", ["grid_anchors"]))
  func anchors(row: GoldenValue) throws {
    let strides = row["strides"].integers
    let scales =
      row["scales"].isNull
      ? AnchorGrid.octaves(base: row["octave_base_scale"].floats[0], count: try #require(row["scales_per_octave"].int))
      : row["scales"].floats
    for (level, stride) in strides.enumerated() {
      let cells = row["feature_hw"][level].integers
      let ours = AnchorGrid(stride: stride, scales: scales, ratios: row["ratios"].floats)
        .anchors(height: cells[0], width: cells[1])
      let problem = disagreement(ours.flatMap(\.coordinates), row["anchors"][level].floats, tolerance: 2e-6)
      #expect(problem == nil, "\(row["id"].string ?? "") level \(level): \(problem ?? "")")
    }
  }

  @Test(arguments: goldenRows("assigners.jsonl", ["fcos_targets"]))
  func fcos(row: GoldenValue) throws {
    let strides = row["strides"].integers
    let levels = strides.indices.map { level in
      let range = row["regress_ranges"][level].floats
      return FCOSTargets.Level(stride: strides[level], distances: range[0]...range[1])
    }
    let fcos = FCOSTargets(
      levels: levels, centerRadius: row["center_sampling"].bool == true ? row["center_sample_radius"].floats[0] : nil,
      normalized: row["norm_on_bbox"].bool == true)
    let classes = try #require(row["num_classes"].int)
    var centerness: [Float] = []
    for (index, level) in levels.enumerated() {
      let cells = row["feature_hw"][index].integers
      let points = FCOSTargets.points(stride: level.stride, height: cells[0], width: cells[1])
      #expect(points.flatMap { [$0.x, $0.y] } == row["points"][index].floats)
      var labels: [Int] = []
      for (image, boxes) in (row["gt_bboxes"].array ?? []).enumerated() {
        let imageLabels = row["gt_labels"][image].integers
        let targets = fcos.targets(level: level, points: points, groundTruths: boxes.boxes)
        for (point, target) in targets.enumerated() {
          labels.append(target.groundTruth.map { imageLabels[$0] } ?? classes)
          guard target.groundTruth != nil else { continue }
          let d = target.distances
          let golden = row["bbox_targets"][index][image * points.count + point].floats
          #expect(disagreement([d.left, d.top, d.right, d.bottom], golden, tolerance: 2e-6) == nil)
          centerness.append(d.centerness)
        }
      }
      #expect(labels == row["labels"][index].integers, "\(row["id"].string ?? "") level \(index)")
    }
    #expect(centerness.count == row["num_pos"].int)
    #expect(disagreement(centerness, row["centerness_of_positives"].floats, tolerance: 2e-6) == nil)
  }

  @Test func everyRowIsCovered() throws {
    let kinds = try GoldenFile("assigners.jsonl").rows().map { $0["kind"].string ?? "" }
    #expect(kinds.count == 26)
    let covered: Set = ["max_iou_assign", "atss_assign", "grid_anchors", "fcos_targets"]
    #expect(kinds.allSatisfy { covered.contains($0) })
  }
}
