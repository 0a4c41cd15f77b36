import Formulas

/// A formula of U, I and E as the loss of predicted boxes (the original's `reg_loss` and `RegLoss`).
///
/// One per thread.
public final class RegressionLoss {
  /// How weights become one number a box.
  public enum Weighting: String, CaseIterable, Hashable, Sendable, Codable {
    /// N weights are taken as they are, of N×4 the mean of each row.
    case perBox
    /// The original module: the mean over the last axis, so that N weights collapse to one number; none is refused,
    /// and when no weight is positive the result is Σ prediction · weight, without the loss weight.
    case originalModule
  }

  private let reducer: LossReducer
  public let weighting: Weighting
  private var areas = FloatRoom()
  private var slopes = FloatRoom()
  private var weight = FloatRoom()

  /// - Throws: `FormulaError` when the formula is not of REG.
  public init(
    _ formula: Formula, reduction: Reduction = .mean, lossWeight: Float = 1, weighting: Weighting = .perBox
  ) throws(FormulaError) {
    reducer = LossReducer(try Program(formula, mode: .regression), reduction: reduction, lossWeight: lossWeight)
    self.weighting = weighting
  }

  /// Whether the loss has a gradient with respect to the boxes.
  public var dependsOnPrediction: Bool { reducer.program.formula.mentionsPrediction(in: .regression) }

  /// The loss of a batch of boxes.
  /// - Parameters:
  ///   - batch: predicted and target boxes and their weights.
  ///   - reduction: nil takes the loss's own.
  ///   - gradient: N×4 places for the gradient of the (summed) result with respect to the predicted corners, or nil.
  /// - Throws: `LossError` for arguments that do not fit together.
  @discardableResult
  public func evaluate(
    _ batch: RegressionBatch, reduction: Reduction? = nil, gradient: UnsafeMutablePointer<Float>?
  ) throws(LossError) -> LossValue {
    try batch.check()
    if weighting == .originalModule, let value = try withoutPositiveWeight(batch, gradient: gradient) { return value }
    let rows = batch.rows
    let room = areas.reserve(max(rows * 3, 1))
    let (u, i, e) = (room, room + rows, room + 2 * rows)
    if let predicted = batch.predicted.baseAddress, let targets = batch.targets.baseAddress {
      for row in 0..<rows {
        let overlap = BoxOverlap<Float>(predicted + 4 * row, targets + 4 * row)
        (u[row], i[row], e[row]) = (overlap.union, overlap.intersection, overlap.enclosing)
      }
    }
    let back = slopes.reserve(max(rows * 3, 1))
    let value = try reducer.evaluate(
      inputs: InputPointers(u: UnsafePointer(u), i: UnsafePointer(i), e: UnsafePointer(e)), rows: rows, classes: 1,
      weights: boxWeights(batch), averageFactor: batch.averageFactor, reduction: reduction,
      gradients: gradient.map { _ in GradientPointers(u: back, i: back + rows, e: back + 2 * rows) })
    if let gradient, let predicted = batch.predicted.baseAddress, let targets = batch.targets.baseAddress {
      for row in 0..<rows {
        BoxOverlap(union: back[row], intersection: back[rows + row], enclosing: back[2 * rows + row])
          .pullBack(predicted + 4 * row, targets + 4 * row, to: gradient + 4 * row)
      }
    }
    return value
  }

  /// What the original module returns when no weight is positive; nil when one is or its own reduction is none.
  private func withoutPositiveWeight(_ batch: RegressionBatch, gradient: UnsafeMutablePointer<Float>?)
    throws(LossError) -> LossValue?
  {
    guard let weights = batch.weights else { throw .weightsMissing }
    guard reducer.reduction != .none, !weights.contains(where: { $0 > 0 }) else { return nil }
    guard weights.count == batch.rows * 4 else { throw .zeroWeightsPerBox }
    var sum = 0.0
    for k in weights.indices {
      sum += Double(batch.predicted[k] * weights[k])
      gradient?[k] = weights[k]
    }
    return .number(Float(sum))
  }

  /// One weight a box.
  private func boxWeights(_ batch: RegressionBatch) -> LossReducer.Weights? {
    guard let weights = batch.weights else { return nil }
    let rows = batch.rows
    let room = weight.reserve(max(rows, 1))
    if weights.count == rows * 4, rows > 0 {
      for row in 0..<rows {
        room[row] = (weights[4 * row] + weights[4 * row + 1] + weights[4 * row + 2] + weights[4 * row + 3]) / 4
      }
    } else {
      switch weighting {
      case .perBox: for row in 0..<rows { room[row] = weights[row] }
      case .originalModule:
        let mean = Float(weights.reduce(0.0) { $0 + Double($1) } / Double(max(rows, 1)))
        // One number beside a constant stays one number.
        if reducer.program.shape != .perSample {
          room[0] = mean
          return LossReducer.Weights(values: UnsafePointer(room), rows: 1)
        }
        for row in 0..<rows { room[row] = mean }
      }
    }
    return LossReducer.Weights(values: UnsafePointer(room), rows: rows)
  }
}

/// What a box loss is computed on; holds no memory of its own.
public struct RegressionBatch {
  /// N×4 corners x1, y1, x2, y2.
  public var predicted: UnsafeBufferPointer<Float>
  /// N×4 corners.
  public var targets: UnsafeBufferPointer<Float>
  /// N or N×4 weights; nil for none.
  public var weights: UnsafeBufferPointer<Float>?
  /// What a mean divides by in place of the number of entries.
  public var averageFactor: Float?

  public init(
    predicted: UnsafeBufferPointer<Float>, targets: UnsafeBufferPointer<Float>,
    weights: UnsafeBufferPointer<Float>? = nil, averageFactor: Float? = nil
  ) {
    self.predicted = predicted
    self.targets = targets
    self.weights = weights
    self.averageFactor = averageFactor
  }

  /// N.
  public var rows: Int { predicted.count / 4 }

  func check() throws(LossError) {
    if predicted.count != rows * 4 { throw .count("predicted", given: predicted.count, expected: rows * 4) }
    if targets.count != predicted.count {
      throw .count("targets", given: targets.count, expected: predicted.count)
    }
    if let weights, weights.count != rows, weights.count != rows * 4 {
      throw .count("weights", given: weights.count, expected: rows)
    }
  }
}
