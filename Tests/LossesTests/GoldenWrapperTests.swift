import Formulas
import GoldenData
import Losses
import Testing

/// Every row of loss_wrappers.jsonl: the values, the gradients, and the combinations that are refused.
@Suite struct GoldenWrapperTests {
  @Test func everyRowAgreesOrIsRefused() throws {
    let rows = try GoldenFile("loss_wrappers.jsonl").rows()
    var refused: [String: Int] = [:]
    for row in rows {
      let label = "\(row["id"].string ?? "") \(row["kind"].string ?? "") \(row["formula"].string ?? "")"
      do {
        let (value, gradient) = try GoldenWrapper(row).evaluate()
        #expect(row["exception"].isNull, "\(label) must be refused")
        compare(value, gradient, with: row, label)
      } catch let error as LossError {
        #expect(!row["exception"].isNull, "\(label): \(error.message)")
        refused[error.code, default: 0] += 1
      }
    }
    #expect(rows.count > 300)
    #expect(
      refused == [
        "averageFactorWithSum": 1, "rowWeightsWithElements": 10, "labelOnlyMean": 2, "zeroWeightsPerBox": 1,
        "weightsMissing": 1,
      ])
  }

  private func compare(_ value: LossValue, _ gradient: [Float]?, with row: GoldenValue, _ label: String) {
    switch value {
    case .number(let number):
      #expect(row["shape"].array?.isEmpty == true, "\(label) shape")
      GoldenExpression.expect([Double(number)], row["value"], tolerance: row["tol"], "\(label) value")
    case .entries(let entries, let shape):
      #expect(row["shape"].array?.compactMap(\.int) == shape, "\(label) shape")
      GoldenExpression.expect(entries.map(Double.init), row["value"], tolerance: row["tol"], "\(label) value")
    }
    #expect((gradient == nil) == row["grad"].isNull, "\(label) dependence")
    guard let gradient else { return }
    GoldenExpression.expect(gradient.map(Double.init), row["grad"], tolerance: row["gtol"], "\(label) gradient")
  }

  @Test func labelsOutsideTheClassesAreRefused() throws {
    let loss = try MultiClassLoss(Formula(parsing: "Neg(Dot(Y,Log(Softmax(X))))", mode: .multiClass))
    let error = #expect(throws: LossError.self) {
      try [Float](repeating: 0, count: 6).withUnsafeBufferPointer { logits in
        try [Int32(0), 3].withUnsafeBufferPointer { labels in
          try loss.evaluate(ClassificationBatch(logits: logits, labels: labels, classes: 3), gradient: nil)
        }
      }
    }
    #expect(error == .labelOutOfRange(row: 1, label: 3, classes: 3))
  }

  @Test func anEmptyBatchHasNoLossAndNoGradient() throws {
    let loss = try MultiClassLoss(Formula(parsing: "Neg(Dot(Y,Log(Softmax(X))))", mode: .multiClass))
    let none = UnsafeBufferPointer<Float>(start: nil, count: 0)
    let labels = UnsafeBufferPointer<Int32>(start: nil, count: 0)
    let batch = ClassificationBatch(logits: none, labels: labels, classes: 3, averageFactor: 1)
    #expect(try loss.evaluate(batch, gradient: nil) == .number(0))
    let boxes = try RegressionLoss(Formula(parsing: "Sub(1,Div(I,U))", mode: .regression))
    #expect(
      try boxes.evaluate(RegressionBatch(predicted: none, targets: none, averageFactor: 4), gradient: nil) == .number(0)
    )
  }
}

/// One row of loss_wrappers.jsonl as a call of our losses.
struct GoldenWrapper {
  let row: GoldenValue

  init(_ row: GoldenValue) { self.row = row }

  /// The value, and the gradient with respect to logits or boxes where the formula depends on them.
  func evaluate() throws -> (LossValue, [Float]?) {
    let kind = try #require(row["kind"].string)
    switch kind {
    case "multi_cls_loss", "MultiClsLoss":
      let loss = try MultiClassLoss(
        Formula(parsing: row["formula"].string ?? "", mode: .multiClass), lossWeight: lossWeight)
      return try classification(loss.evaluate, depends: loss.dependsOnPrediction)
    case "binary_cls_loss", "BinaryClsLoss":
      let alpha = row["alpha"].double.map { Float($0) } ?? 0.25
      let loss = try BinaryClassLoss(
        Formula(parsing: row["formula"].string ?? "", mode: .binaryClass), lossWeight: lossWeight, alpha: alpha)
      return try classification(loss.evaluate, depends: loss.dependsOnPrediction)
    default:
      let loss = try RegressionLoss(
        Formula(parsing: row["formula"].string ?? "", mode: .regression),
        reduction: reduction ?? .mean, lossWeight: lossWeight,
        weighting: kind == "RegLoss" ? .originalModule : .perBox)
      return try regression(loss)
    }
  }

  private var lossWeight: Float { row["loss_weight"].double.map { Float($0) } ?? 1 }
  private var reduction: Reduction? { row["reduction"].string.flatMap(Reduction.init(rawValue:)) }
  private var averageFactor: Float? { row["avg_factor"].double.map { Float($0) } }

  private typealias Classification = (ClassificationBatch, Reduction?, UnsafeMutablePointer<Float>?) throws -> LossValue

  private func classification(_ evaluate: Classification, depends: Bool) throws -> (LossValue, [Float]?) {
    let logits = row["cls_pred"].floats
    let labels = row["label"].doubles.map { Int32($0) }
    let ious = row["pos_ious"].isNull ? nil : row["pos_ious"].floats
    let weights = row["weight"].isNull ? nil : row["weight"].floats
    var gradient = [Float](repeating: .nan, count: logits.count)
    let value = try logits.withUnsafeBufferPointer { logits in
      try labels.withUnsafeBufferPointer { labels in
        try withOptional(ious) { ious in
          try withOptional(weights) { weights in
            try gradient.withUnsafeMutableBufferPointer { gradient in
              let batch = ClassificationBatch(
                logits: logits, labels: labels, classes: row["cls_pred"].shape[1], positiveIoUs: ious,
                weights: weights, averageFactor: averageFactor)
              return try evaluate(batch, reduction, gradient.baseAddress)
            }
          }
        }
      }
    }
    return (value, depends ? gradient : nil)
  }

  private func regression(_ loss: RegressionLoss) throws -> (LossValue, [Float]?) {
    let predicted = row["bbox_pred"].floats
    let targets = row["bbox_targets"].floats
    let weights = row["weight"].isNull ? nil : row["weight"].floats
    var gradient = [Float](repeating: .nan, count: predicted.count)
    let value = try predicted.withUnsafeBufferPointer { predicted in
      try targets.withUnsafeBufferPointer { targets in
        try withOptional(weights) { weights in
          try gradient.withUnsafeMutableBufferPointer { gradient in
            try loss.evaluate(
              RegressionBatch(
                predicted: predicted, targets: targets, weights: weights, averageFactor: averageFactor),
              gradient: gradient.baseAddress)
          }
        }
      }
    }
    return (value, loss.dependsOnPrediction ? gradient : nil)
  }

  private func withOptional<Result>(
    _ numbers: [Float]?, _ body: (UnsafeBufferPointer<Float>?) throws -> Result
  ) rethrows -> Result {
    guard let numbers else { return try body(nil) }
    return try numbers.withUnsafeBufferPointer { try body($0) }
  }
}
