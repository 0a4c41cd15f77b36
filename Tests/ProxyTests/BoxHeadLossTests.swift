import Formulas
import GoldenData
import Losses
import Proxy
import Testing

/// The losses of the second stage against the original box head.
@Suite struct BoxHeadLossTests {
  /// Logits and deltas of some regions with room for gradients.
  final class Rows {
    let classes: Int
    var logits: [Float]
    var deltas: [Float]
    var logitsGradient: [Float]
    var deltasGradient: [Float]
    let coder: DeltaCoder
    let isClassAgnostic: Bool

    init(
      classes: Int, logits: [Float], deltas: [Float], coder: DeltaCoder = .secondStage, isClassAgnostic: Bool = false
    ) {
      (self.classes, self.logits, self.deltas) = (classes, logits, deltas)
      (self.coder, self.isClassAgnostic) = (coder, isClassAgnostic)
      logitsGradient = logits.map { _ in .nan }
      deltasGradient = deltas.map { _ in .nan }
    }

    func evaluate(
      _ losses: DetectionLosses, _ regions: [SampledRegion]
    ) throws -> (classification: Double, boxes: Double) {
      let loss = try BoxHeadLoss(losses, classes: classes, coder: coder)
      return try logits.withUnsafeMutableBufferPointer { logits in
        try logitsGradient.withUnsafeMutableBufferPointer { logitsGradient in
          try deltas.withUnsafeMutableBufferPointer { deltas in
            try deltasGradient.withUnsafeMutableBufferPointer { deltasGradient in
              try loss.evaluate(
                regions,
                BoxHeadOutputs(
                  classes: classes, logits: logits, logitsGradient: logitsGradient, deltas: deltas,
                  deltasGradient: deltasGradient, isClassAgnostic: isClassAgnostic))
            }
          }
        }
      }
    }
  }

  @Test(arguments: goldenRows("head_losses.jsonl", ["bbox_head_loss"]))
  func agreesWithTheOriginalHead(row: GoldenValue) throws {
    let id = row["id"].string ?? ""
    let classes = try #require(row["num_classes"].int)
    let targets = row["bbox_targets"].boxes
    let regions = (row["rois"].array ?? []).enumerated().map { index, roi in
      let v = roi.floats
      let label = row["labels"].integers[index]
      return SampledRegion(
        image: Int(v[0]), box: BoundingBox(x1: v[1], y1: v[2], x2: v[3], y2: v[4]), label: label,
        target: label < classes ? targets[index] : nil, weight: row["label_weights"].floats[index])
    }
    let losses = DetectionLosses(
      classification: ClassificationLoss(
        formula: try Formula(parsing: try #require(row["cls_formula"].string), mode: .multiClass), mode: .multiClass,
        weight: row["loss_weight_cls"].floats[0]),
      regression: BoxLoss(
        .formula(try Formula(parsing: try #require(row["reg_formula"].string), mode: .regression)),
        weight: row["loss_weight_reg"].floats[0]))
    let rows = Rows(classes: classes, logits: row["cls_score"].floats, deltas: row["bbox_pred"].floats)
    let ours = try rows.evaluate(losses, regions)
    if row["exception"].string != nil {
      // The original raises when no region shows an object; here the box loss is then 0.
      #expect(ours.boxes == 0 && ours.classification.isFinite, "\(id)")
      #expect(rows.deltasGradient.allSatisfy { $0 == 0 } && rows.logitsGradient.allSatisfy { $0.isFinite }, "\(id)")
      return
    }
    let golden = (row["losses"]["loss_cls"].floats, row["losses"]["loss_bbox"].floats)
    #expect(disagreement([Float(ours.classification)], golden.0, tolerance: 1e-5) == nil, "\(id) \(ours)")
    #expect(disagreement([Float(ours.boxes)], golden.1, tolerance: 1e-5) == nil, "\(id) \(ours)")
    let logits = disagreement(rows.logitsGradient, row["grad_cls"].floats, tolerance: 5e-5)
    #expect(logits == nil, "\(id) logits: \(logits ?? "")")
    let deltas = disagreement(rows.deltasGradient, row["grad_bbox"].floats, tolerance: 5e-5)
    #expect(deltas == nil, "\(id) deltas: \(deltas ?? "")")
  }

  @Test func everyRowIsCovered() {
    #expect(goldenRows("head_losses.jsonl", ["bbox_head_loss"]).count == 4)
  }

  @Test func theQualityOfObjectsReachesTheClassification() throws {
    let box = BoundingBox(x1: 10, y1: 10, x2: 30, y2: 30)
    let losses = DetectionLosses(
      classification: ClassificationLoss(
        formula: try Formula(parsing: "Dot(Y,Z)", mode: .multiClass), mode: .multiClass),
      regression: try LossReference.regression("l1", mode: .multiClass))
    let target = BoundingBox(x1: 10, y1: 10, x2: 30, y2: 20)
    let rows = Rows(classes: 1, logits: [0, 0, 0, 0], deltas: [Float](repeating: 0, count: 8))
    let ours = try rows.evaluate(
      losses,
      [
        SampledRegion(image: 0, box: box, label: 0, target: target), SampledRegion(image: 0, box: box, label: 1),
      ])
    // IoU 0.5 for the object, 1 for the background, averaged over both.
    #expect(abs(ours.classification - 0.75) < 1e-6)
  }

  @Test func lossesThatDoNotFitAreRefused() throws {
    let l1 = try LossReference.regression("l1", mode: .multiClass)
    for text in ["Mul(X,Y)", "Dot(Dot(X,Y),Dot(X,Y))"] {
      let losses = DetectionLosses(
        classification: ClassificationLoss(
          formula: try Formula(parsing: text, mode: .multiClass), mode: .multiClass), regression: l1)
      #expect(throws: DetectorError.self, "\(text)") { try BoxHeadLoss(losses, classes: 3) }
    }
    let binary = try LossReference.classification("focal", mode: .binaryClass)
    #expect(throws: DetectorError.self) {
      try BoxHeadLoss(DetectionLosses(classification: binary, regression: l1), classes: 3)
    }
  }
}
