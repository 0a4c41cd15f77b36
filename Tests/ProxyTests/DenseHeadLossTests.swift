import Formulas
import GoldenData
import Losses
import Proxy
import Testing

/// The losses of the one-stage heads against the originals (FCOS over all levels, ATSS over one).
@Suite struct DenseHeadLossTests {
  /// One level in rows, from images × channels × height × width.
  struct Level {
    var logits, boxes, centerness: [Float]
    var targets: DenseTargets
    let classes: Int

    /// Image-major rows × channels of a golden array.
    static func rows(_ value: GoldenValue, channels: Int) -> [Float] {
      let (numbers, images) = (value.floats, value.array ?? [])
      let cells = numbers.count / max(images.count * channels, 1)
      return images.indices.flatMap { image in
        (0..<cells).flatMap { cell in
          (0..<channels).map { numbers[(image * channels + $0) * cells + cell] }
        }
      }
    }
  }

  struct Result {
    var summary: DenseHeadLoss.Summary
    var logits, boxes, centerness: [[Float]]
  }

  static func evaluate(_ loss: DenseHeadLoss, _ levels: [Level], images: Int) throws -> Result {
    var buffers: [UnsafeMutableBufferPointer<Float>] = []
    defer { for buffer in buffers { buffer.deallocate() } }
    func buffer(_ numbers: [Float]) -> UnsafeMutableBufferPointer<Float> {
      let made = UnsafeMutableBufferPointer<Float>.allocate(capacity: numbers.count)
      _ = made.initialize(from: numbers)
      buffers.append(made)
      return made
    }
    func hole(_ numbers: [Float]) -> UnsafeMutableBufferPointer<Float> { buffer(numbers.map { _ in .nan }) }
    let pairs = levels.map { level in
      (
        outputs: DenseOutputs(
          classes: level.classes, logits: buffer(level.logits), logitsGradient: hole(level.logits),
          boxes: buffer(level.boxes), boxesGradient: hole(level.boxes), centerness: buffer(level.centerness),
          centernessGradient: hole(level.centerness)), targets: level.targets
      )
    }
    let summary = try loss.evaluate(pairs, images: images)
    return Result(
      summary: summary, logits: pairs.map { Array($0.outputs.logitsGradient) },
      boxes: pairs.map { Array($0.outputs.boxesGradient) },
      centerness: pairs.map { Array($0.outputs.centernessGradient) })
  }

  static func losses(_ row: GoldenValue) throws -> DetectionLosses {
    DetectionLosses(
      classification: ClassificationLoss(
        formula: try Formula(parsing: try #require(row["cls_formula"].string), mode: .binaryClass),
        mode: .binaryClass, alpha: 0.25),
      regression: BoxLoss(
        .formula(try Formula(parsing: try #require(row["reg_formula"].string), mode: .regression)), weight: 1))
  }

  static func expect(_ ours: [Float], _ golden: [Float], _ tolerance: Float, _ what: String) {
    let found = disagreement(ours, golden, tolerance: tolerance)
    #expect(found == nil, "\(what): \(found ?? "")")
  }

  @Test(arguments: goldenRows("head_losses.jsonl", ["fcos_head_loss"]))
  func fcosAgreesWithTheOriginalHead(row: GoldenValue) throws {
    let id = row["id"].string ?? ""
    let classes = try #require(row["num_classes"].int)
    let isNormalized = row["norm_on_bbox"].bool ?? false
    let ranges = row["regress_ranges"].floats
    let strides = row["strides"].integers
    let assignment = FCOSTargets(
      levels: strides.indices.map { .init(stride: strides[$0], distances: ranges[2 * $0]...ranges[2 * $0 + 1]) },
      centerRadius: row["center_sampling"].bool ?? false ? row["center_sample_radius"].floats[0] : nil,
      normalized: isNormalized)
    let truths = (row["gt_bboxes"].array ?? []).map(\.boxes)
    let labels = (row["gt_labels"].array ?? []).map(\.integers)
    let levels = strides.indices.map { index -> Level in
      let shape = row["cls_scores"].array?[index].array?[0].array?[0].array ?? []
      let (height, width) = (shape.count, shape.first?.array?.count ?? 0)
      let points = FCOSTargets.points(stride: strides[index], height: height, width: width)
      var targets = DenseTargets(labels: [], positives: [])
      for (image, boxes) in truths.enumerated() {
        let found = assignment.targets(level: assignment.levels[index], points: points, groundTruths: boxes)
        for (point, target) in zip(points, found) {
          if let truth = target.groundTruth {
            // The original decodes around the point in pixels with distances in strides, when they are normalised.
            targets.positives.append(
              .init(
                row: targets.labels.count, coding: .distances(from: point, unit: 1),
                target: DistanceCoder.decode(target.distances, from: point)))
            targets.labels.append(Int32(labels[image][truth]))
          } else {
            targets.labels.append(-1)
          }
        }
      }
      return Level(
        logits: Level.rows(row["cls_scores"].array?[index] ?? .null, channels: classes),
        boxes: Level.rows(row["bbox_preds"].array?[index] ?? .null, channels: 4),
        centerness: Level.rows(row["centernesses"].array?[index] ?? .null, channels: 1), targets: targets,
        classes: classes)
    }
    #expect(levels.reduce(0) { $0 + $1.targets.positives.count } == row["num_pos"].int, "\(id)")
    let loss = try DenseHeadLoss(
      Self.losses(row), averaging: .positivesAndImages, collapsesBoxWeights: true)
    let ours = try Self.evaluate(loss, levels, images: truths.count)
    let golden = row["losses"]
    Self.expect([Float(ours.summary.classification)], golden["loss_cls"].floats, 1e-5, "\(id) cls")
    Self.expect([Float(ours.summary.boxes)], golden["loss_bbox"].floats, 1e-5, "\(id) bbox")
    Self.expect([Float(ours.summary.centerness)], golden["loss_centerness"].floats, 1e-5, "\(id) centerness")
    func gradient(_ name: String, _ channels: Int) -> [Float] {
      (row[name].array ?? []).flatMap { Level.rows($0, channels: channels) }
    }
    Self.expect(ours.logits.flatMap { $0 }, gradient("grad_cls", classes), 5e-5, "\(id) grad_cls")
    Self.expect(ours.boxes.flatMap { $0 }, gradient("grad_bbox", 4), 5e-5, "\(id) grad_bbox")
    Self.expect(ours.centerness.flatMap { $0 }, gradient("grad_centerness", 1), 5e-5, "\(id) grad_centerness")
  }

  @Test(arguments: goldenRows("head_losses.jsonl", ["atss_head_loss_single"]))
  func atssAgreesWithTheOriginalHead(row: GoldenValue) throws {
    let id = row["id"].string ?? ""
    let classes = try #require(row["num_classes"].int)
    let anchors = row["anchors"].boxes
    let labels = row["labels"].integers
    let targets = row["bbox_targets"].array?.map(\.floats) ?? []
    let coder = DeltaCoder.secondStage
    let positives = labels.indices.filter { (0..<classes).contains(labels[$0]) }.map { place in
      let d = targets[place]
      return DenseTargets.Positive(
        row: place, coding: .deltas(coder, from: anchors[place]),
        target: coder.decode(BoxDeltas(dx: d[0], dy: d[1], dw: d[2], dh: d[3]), anchor: anchors[place]))
    }
    let level = Level(
      logits: Level.rows(row["cls_score"], channels: classes), boxes: Level.rows(row["bbox_pred"], channels: 4),
      centerness: Level.rows(row["centerness"], channels: 1),
      targets: DenseTargets(
        labels: labels.map { (0..<classes).contains($0) ? Int32($0) : -1 }, weights: row["label_weights"].floats,
        positives: positives), classes: classes)
    let loss = try DenseHeadLoss(Self.losses(row), averaging: .positives, collapsesBoxWeights: true)
    let ours = try Self.evaluate(loss, [level], images: 1)
    // The row is one of several levels: its averages are those of all of them.
    let samples = row["num_total_samples"].floats[0] / Float(max(positives.count, 1))
    let total = row["losses"]["centerness_target_sum"].floats[0]
    let weight = total > 0 ? total : 1
    let golden = row["losses"]
    Self.expect([Float(ours.summary.classification) / samples], golden["loss_cls"].floats, 1e-5, "\(id) cls")
    Self.expect([Float(ours.summary.boxes) * weight], golden["loss_bbox"].floats, 1e-5, "\(id) bbox")
    Self.expect([Float(ours.summary.centerness) / samples], golden["loss_centerness"].floats, 1e-5, "\(id) centerness")
    Self.expect(
      ours.logits[0].map { $0 / samples }, Level.rows(row["grad_cls"], channels: classes), 5e-5, "\(id) grad_cls")
    Self.expect(
      ours.boxes[0].map { $0 * weight }, Level.rows(row["grad_bbox"], channels: 4), 5e-5, "\(id) grad_bbox")
    Self.expect(
      ours.centerness[0].map { $0 / samples }, Level.rows(row["grad_centerness"], channels: 1), 5e-5,
      "\(id) grad_centerness")
  }

  @Test func everyRowIsCovered() {
    #expect(goldenRows("head_losses.jsonl", ["fcos_head_loss"]).count == 4)
    #expect(goldenRows("head_losses.jsonl", ["atss_head_loss_single"]).count == 3)
  }
}
