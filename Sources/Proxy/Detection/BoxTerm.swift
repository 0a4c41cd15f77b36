import Formulas
import Losses

/// The box loss of a head, with its gradient with respect to the four numbers that describe each box.
final class BoxTerm {
  /// What is compared with the target.
  private enum Comparison {
    /// Decoded boxes.
    case boxes(RegressionLoss)
    /// The numbers of the box coding.
    case numbers(DeltaLoss)
  }

  private let comparison: Comparison

  init(_ loss: BoxLoss, weighting: RegressionLoss.Weighting = .perBox) throws(DetectorError) {
    switch loss.kind {
    case .l1Deltas: comparison = .numbers(DeltaLoss(lossWeight: loss.weight))
    case .smoothL1Deltas(let beta): comparison = .numbers(DeltaLoss(beta: beta, lossWeight: loss.weight))
    case .formula(let formula):
      do {
        comparison = .boxes(try RegressionLoss(formula, lossWeight: loss.weight, weighting: weighting))
      } catch {
        throw .loss(place: "boxes", problem: error.message)
      }
    }
  }

  /// The weighted sum over the rows divided by `divisor`, and the gradient of each row's numbers.
  ///
  /// `weights` hold one number a row; nil stands for 1.
  func evaluate(
    _ rows: [BoxRow], weights: [Float]? = nil, divisor: Float
  ) throws(DetectorError) -> (loss: Double, gradients: [SIMD4<Float>]) {
    guard !rows.isEmpty else { return (0, []) }
    do {
      switch comparison {
      case .boxes(let loss):
        let (value, corners) = try Self.gradient(
          rows.flatMap { $0.decoded.corners }, rows.flatMap { $0.target.corners }, weights
        ) { predicted, targets, weights, gradient throws(LossError) in
          Double(
            try loss.evaluate(
              RegressionBatch(predicted: predicted, targets: targets, weights: weights, averageFactor: divisor),
              gradient: gradient
            ).total)
        }
        return (value, zip(rows, corners).map { $0.coding.gradient(of: $0.numbers, upstream: $1) })
      case .numbers(let loss):
        return try Self.gradient(
          rows.flatMap { Self.list($0.numbers) }, rows.flatMap { Self.list($0.coding.encode($0.target)) },
          weights?.flatMap { [$0, $0, $0, $0] }
        ) { predicted, targets, weights, gradient throws(LossError) in
          Double(
            try loss.evaluate(
              predicted: predicted, targets: targets, weights: weights, averageFactor: divisor, gradient: gradient))
        }
      }
    } catch {
      throw .loss(place: "boxes", problem: "\(error)")
    }
  }

  /// Calls `body` with the buffers of all arrays and of a gradient of four numbers a row.
  private static func gradient(
    _ predicted: [Float], _ targets: [Float], _ weights: [Float]?,
    _ body: (
      UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>?, UnsafeMutablePointer<Float>?
    ) throws(LossError) -> Double
  ) throws(LossError) -> (Double, [SIMD4<Float>]) {
    var gradient = [Float](repeating: 0, count: predicted.count)
    let value = try predicted.withUnsafeBufferPointer { predicted throws(LossError) in
      try targets.withUnsafeBufferPointer { targets throws(LossError) in
        try (weights ?? []).withUnsafeBufferPointer { given throws(LossError) in
          try gradient.withUnsafeMutableBufferPointer { gradient throws(LossError) in
            try body(predicted, targets, weights == nil ? nil : given, gradient.baseAddress)
          }
        }
      }
    }
    let rows = stride(from: 0, to: gradient.count, by: 4)
    return (value, rows.map { SIMD4(gradient[$0], gradient[$0 + 1], gradient[$0 + 2], gradient[$0 + 3]) })
  }

  private static func list(_ numbers: SIMD4<Float>) -> [Float] { (0..<4).map { numbers[$0] } }
}

/// A box that a head describes, with the target that it is to reach.
struct BoxRow {
  let numbers: SIMD4<Float>
  let coding: BoxCoding
  let decoded: BoundingBox
  let target: BoundingBox

  init(_ numbers: SIMD4<Float>, _ coding: BoxCoding, target: BoundingBox) {
    (self.numbers, self.coding, self.target) = (numbers, coding, target)
    decoded = coding.decode(numbers)
  }
}

extension BoundingBox {
  /// x1, y1, x2, y2.
  var corners: [Float] { [x1, y1, x2, y2] }
}
