import Formulas
import GoldenData
import Losses
import Proxy
import Randomness
import Testing

/// The losses of the second stage against the original box head, and their gradient against finite differences.
@Suite struct BoxHeadLossTests {
  /// Logits and deltas of some regions with room for gradients.
  final class Rows {
    let classes: Int
    var logits: [Float]
    var deltas: [Float]
    var logitsGradient: [Float]
    var deltasGradient: [Float]

    init(classes: Int, logits: [Float], deltas: [Float]) {
      (self.classes, self.logits, self.deltas) = (classes, logits, deltas)
      logitsGradient = logits.map { _ in .nan }
      deltasGradient = deltas.map { _ in .nan }
    }

    func evaluate(
      _ losses: DetectionLosses, _ regions: [SampledRegion]
    ) throws -> (classification: Double, boxes: Double) {
      let loss = try BoxHeadLoss(losses, classes: classes)
      return try logits.withUnsafeMutableBufferPointer { logits in
        try logitsGradient.withUnsafeMutableBufferPointer { logitsGradient in
          try deltas.withUnsafeMutableBufferPointer { deltas in
            try deltasGradient.withUnsafeMutableBufferPointer { deltasGradient in
              try loss.evaluate(
                regions,
                BoxHeadOutputs(
                  classes: classes, logits: logits, logitsGradient: logitsGradient, deltas: deltas,
                  deltasGradient: deltasGradient))
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

  static let boxLosses = [
    "l1", "smooth-l1", "giou", "linear-iou", "iou", "cse-autoloss-a", "Div(Add(U,Sqrt(E)),Add(I,Log(E)))",
  ]

  @Test(arguments: boxLosses, 0..<4)
  func gradientsAgreeWithFiniteDifferences(name: String, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let classes = 3
    let regions = (0..<6).map { row -> SampledRegion in
      let box = BoxPropertyTests.randomBox(&generator)
      func moved(_ side: Float) -> Float { side + Float(generator.uniform(-3, 3)) }
      let target = BoundingBox(x1: moved(box.x1), y1: moved(box.y1), x2: moved(box.x2), y2: moved(box.y2))
      let label = row < 4 ? generator.index(below: classes) : classes
      return SampledRegion(image: 0, box: box, label: label, target: row < 4 ? target : nil)
    }
    let logits = (0..<24).map { _ in Float(generator.normal()) }
    let deltas = (0..<72).map { _ in Float(0.3 * generator.normal()) }
    // Z is detached, so the classification must not reach the deltas: cross entropy does not read it.
    let losses = DetectionLosses(
      classification: try LossReference.classification("cross-entropy", mode: .multiClass),
      regression: try LossReference.regression(name, mode: .multiClass))
    let rows = Rows(classes: classes, logits: logits, deltas: deltas)
    _ = try rows.evaluate(losses, regions)
    let largest = rows.deltasGradient.map(abs).max() ?? 0
    for index in deltas.indices {
      let slope = try Self.slope(at: index, of: deltas, step: 4e-3) {
        try Rows(classes: classes, logits: logits, deltas: $0).evaluate(losses, regions).boxes
      }
      #expect(
        abs(slope - Double(rows.deltasGradient[index])) < 0.03 * Double(largest),
        "\(name) seed \(seed) delta \(index): \(slope) against \(rows.deltasGradient[index])")
    }
    for index in logits.indices {
      let slope = try Self.slope(at: index, of: logits, step: 4e-3) {
        try Rows(classes: classes, logits: $0, deltas: deltas).evaluate(losses, regions).classification
      }
      #expect(
        abs(slope - Double(rows.logitsGradient[index])) < 2e-3,
        "\(name) seed \(seed) logit \(index): \(slope) against \(rows.logitsGradient[index])")
    }
  }

  /// Central difference of `loss` in one number.
  private static func slope(
    at index: Int, of numbers: [Float], step: Float, _ loss: ([Float]) throws -> Double
  ) throws -> Double {
    var (more, less) = (numbers, numbers)
    more[index] += step
    less[index] -= step
    return (try loss(more) - loss(less)) / Double(more[index] - less[index])
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
