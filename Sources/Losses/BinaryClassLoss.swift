import Formulas

/// A formula as the classification loss of a sigmoid head (the original's `BinaryClsLoss`).
///
/// There is no background column: any label outside 0 ..< C is background. Q is the IoU at the positive entry, 0
/// elsewhere. One per thread.
public final class BinaryClassLoss {
  private let reducer: LossReducer
  /// The weight of positive entries; negative ones weigh 1 − alpha; nil (or below 0) weighs nothing.
  public let alpha: Float?
  private var positive = FloatRoom()
  private var negative = FloatRoom()
  private var quality = FloatRoom()
  private var weight = FloatRoom()

  /// - Throws: `FormulaError` when the formula is not of BINARY_CLS.
  public init(_ formula: Formula, reduction: Reduction = .mean, lossWeight: Float = 1, alpha: Float? = 0.25)
    throws(FormulaError)
  {
    reducer = LossReducer(
      try Program(formula, mode: .binaryClass), reduction: reduction, lossWeight: lossWeight)
    self.alpha = alpha.flatMap { $0 >= 0 ? $0 : nil }
  }

  /// Whether the loss has a gradient with respect to the logits.
  public var dependsOnPrediction: Bool { reducer.program.depends(on: .x) }

  /// The loss of a batch; parameters and errors as `MultiClassLoss.evaluate`.
  /// - Throws: `LossError` for arguments that do not fit together.
  @discardableResult
  public func evaluate(
    _ batch: ClassificationBatch, reduction: Reduction? = nil, gradient: UnsafeMutablePointer<Float>?
  ) throws(LossError) -> LossValue {
    let classes = Int32(batch.classes)
    try batch.check { $0 >= 0 && $0 < classes }
    fillTargets(batch)
    let count = max(batch.rows * batch.classes, 1)
    let inputs = InputPointers(
      x: MultiClassLoss.start(batch.logits, positive.reserve(count)), q: UnsafePointer(quality.reserve(count)),
      py: UnsafePointer(positive.reserve(count)), ny: UnsafePointer(negative.reserve(count)))
    return try reducer.evaluate(
      inputs: inputs, rows: batch.rows, classes: batch.classes, weights: entryWeights(batch),
      averageFactor: batch.averageFactor, reduction: reduction, gradients: gradient.map { GradientPointers(x: $0) })
  }

  /// PY: one-hot, zero for background; NY = 1 − PY; Q: the IoU at the positive entry.
  private func fillTargets(_ batch: ClassificationBatch) {
    let count = max(batch.rows * batch.classes, 1)
    let (py, ny, q) = (positive.reserve(count), negative.reserve(count), quality.reserve(count))
    py.update(repeating: 0, count: count)
    ny.update(repeating: 1, count: count)
    q.update(repeating: 0, count: count)
    var index = 0
    for (row, label) in batch.labels.enumerated() where label >= 0 && label < Int32(batch.classes) {
      let place = row * batch.classes + Int(label)
      py[place] = 1
      ny[place] = 0
      if let ious = batch.positiveIoUs { q[place] = ious[index] }
      index += 1
    }
  }

  /// Alpha for each entry times the row's weight; a constant without alpha takes one weight a row.
  private func entryWeights(_ batch: ClassificationBatch) -> LossReducer.Weights? {
    let (rows, classes) = (batch.rows, batch.classes)
    let perElement = alpha != nil || reducer.program.shape == .perElement
    guard perElement else {
      return batch.weights.map { LossReducer.Weights(values: $0.baseAddress, rows: rows) }
    }
    if alpha == nil, batch.weights == nil { return nil }
    let room = weight.reserve(max(rows * classes, 1))
    let py = positive.reserve(max(rows * classes, 1))
    for row in 0..<rows {
      let ofRow = batch.weights?[row] ?? 1
      for place in (row * classes)..<((row + 1) * classes) {
        room[place] = ofRow * (alpha.map { py[place] == 1 ? $0 : 1 - $0 } ?? 1)
      }
    }
    return LossReducer.Weights(values: UnsafePointer(room), rows: rows, columns: classes)
  }
}
