import Formulas

/// A formula as the classification loss of a softmax head (the original's `MultiClsLoss`).
///
/// The last column is the background. Z is 1, and in each positive row the row's IoU. One per thread.
public final class MultiClassLoss {
  private let reducer: LossReducer
  private let isLabelOnly: Bool
  private var target = FloatRoom()
  private var quality = FloatRoom()

  /// - Throws: `FormulaError` when the formula is not of MULTI_CLS.
  public init(_ formula: Formula, reduction: Reduction = .mean, lossWeight: Float = 1) throws(FormulaError) {
    reducer = LossReducer(
      try Program(formula, mode: .multiClass), reduction: reduction, lossWeight: lossWeight)
    isLabelOnly = Self.isInteger(formula)
  }

  /// Whether the loss has a gradient with respect to the logits.
  public var dependsOnPrediction: Bool { reducer.program.depends(on: .x) }

  /// The loss of a batch.
  /// - Parameters:
  ///   - batch: logits, labels and what belongs to them.
  ///   - reduction: nil takes the loss's own.
  ///   - gradient: N×C places for the gradient of the (summed) result with respect to the logits, or nil.
  /// - Throws: `LossError` for arguments that do not fit together.
  @discardableResult
  public func evaluate(
    _ batch: ClassificationBatch, reduction: Reduction? = nil, gradient: UnsafeMutablePointer<Float>?
  ) throws(LossError) -> LossValue {
    let background = Int32(batch.classes - 1)
    try batch.check { $0 < background }
    for (row, label) in batch.labels.enumerated() where label < 0 || label > background {
      throw .labelOutOfRange(row: row, label: Int(label), classes: batch.classes)
    }
    if batch.weights != nil, reducer.program.shape == .perElement { throw .rowWeightsWithElements }
    if isLabelOnly, batch.weights == nil, batch.averageFactor == nil, (reduction ?? reducer.reduction) == .mean {
      throw .labelOnlyMean
    }
    fillTargets(batch, background: background)
    let count = max(batch.rows * batch.classes, 1)
    let inputs = InputPointers(
      x: Self.start(batch.logits, target.reserve(count)), y: UnsafePointer(target.reserve(count)),
      z: UnsafePointer(quality.reserve(count)))
    let weights = batch.weights.map {
      LossReducer.Weights(values: $0.baseAddress, rows: batch.rows)
    }
    return try reducer.evaluate(
      inputs: inputs, rows: batch.rows, classes: batch.classes, weights: weights,
      averageFactor: batch.averageFactor, reduction: reduction, gradients: gradient.map { GradientPointers(x: $0) })
  }

  /// The first number, or any other place when there is none.
  static func start(_ buffer: UnsafeBufferPointer<Float>, _ other: UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
  {
    buffer.baseAddress ?? UnsafePointer(other)
  }

  /// Y: one-hot; Z: 1, or the IoU in every column of a positive row.
  private func fillTargets(_ batch: ClassificationBatch, background: Int32) {
    let count = max(batch.rows * batch.classes, 1)
    let y = target.reserve(count)
    let z = quality.reserve(count)
    y.update(repeating: 0, count: count)
    z.update(repeating: 1, count: count)
    var positive = 0
    for (row, label) in batch.labels.enumerated() {
      y[row * batch.classes + Int(label)] = 1
      guard label < background, let ious = batch.positiveIoUs else { continue }
      (z + row * batch.classes).update(repeating: ious[positive], count: batch.classes)
      positive += 1
    }
  }

  /// Whether the original computes the formula in whole numbers: Y alone, no constant, no function but sums and products.
  private static func isInteger(_ formula: Formula) -> Bool {
    formula.nodes.allSatisfy { node in
      switch node {
      case .variable(let variable): variable == .y
      case .constant: false
      case .unary(let primitive, _), .binary(let primitive, _, _):
        switch primitive {
        case .neg, .abs, .relu, .add, .sub, .mul, .dot: true
        case .exp, .log, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .div: false
        }
      }
    }
  }
}
