import Formulas
import Losses

/// The box loss of a head, with its gradient with respect to the four numbers that describe each box.
///
/// Keeps its work space, so that a warm one allocates nothing; one per thread.
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

  /// The gradient of each row's numbers, after `evaluate`.
  private(set) var gradients: [SIMD4<Float>] = []
  private var predicted: [Float] = []
  private var targets: [Float] = []
  private var factors: [Float] = []
  private var slopes: [Float] = []

  /// The weighted sum over the rows divided by `divisor`; leaves the gradients of the rows' numbers in `gradients`.
  ///
  /// `weights` hold one number a row; nil stands for 1.
  func evaluate(
    _ rows: ArraySlice<BoxRow>, weights: ArraySlice<Float>? = nil, divisor: Float
  ) throws(DetectorError) -> Double {
    predicted.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    factors.removeAll(keepingCapacity: true)
    gradients.removeAll(keepingCapacity: true)
    guard !rows.isEmpty else { return 0 }
    do {
      switch comparison {
      case .boxes(let loss):
        for row in rows {
          Self.append(row.decoded.corners, to: &predicted)
          Self.append(row.target.corners, to: &targets)
        }
        if let weights { factors.append(contentsOf: weights) }
        let value = try withBuffers(weighted: weights != nil) { predicted, targets, weights, slopes throws(LossError) in
          try loss.evaluate(
            RegressionBatch(predicted: predicted, targets: targets, weights: weights, averageFactor: divisor),
            gradient: slopes
          ).total
        }
        for row in rows {
          gradients.append(row.coding.gradient(of: row.numbers, upstream: slope(of: gradients.count)))
        }
        return Double(value)
      case .numbers(let loss):
        for row in rows {
          Self.append(row.numbers, to: &predicted)
          Self.append(row.coding.encode(row.target), to: &targets)
        }
        if let weights { for weight in weights { Self.append(SIMD4(repeating: weight), to: &factors) } }
        let value = try withBuffers(weighted: weights != nil) { predicted, targets, weights, slopes throws(LossError) in
          try loss.evaluate(
            predicted: predicted, targets: targets, weights: weights, averageFactor: divisor, gradient: slopes)
        }
        for _ in rows { gradients.append(slope(of: gradients.count)) }
        return Double(value)
      }
    } catch {
      throw .loss(place: "boxes", problem: "\(error)")
    }
  }

  private static func append(_ numbers: SIMD4<Float>, to list: inout [Float]) {
    for side in 0..<4 { list.append(numbers[side]) }
  }

  private func slope(of row: Int) -> SIMD4<Float> {
    SIMD4(slopes[4 * row], slopes[4 * row + 1], slopes[4 * row + 2], slopes[4 * row + 3])
  }

  /// Calls `body` with predicted numbers, targets, weights, and as many places for slopes.
  private func withBuffers(
    weighted: Bool,
    _ body: (
      UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>?, UnsafeMutablePointer<Float>?
    ) throws(LossError) -> Float
  ) throws(LossError) -> Float {
    while slopes.count < predicted.count { slopes.append(0) }
    return try predicted.withUnsafeBufferPointer { predicted throws(LossError) in
      try targets.withUnsafeBufferPointer { targets throws(LossError) in
        try factors.withUnsafeBufferPointer { factors throws(LossError) in
          try slopes.withUnsafeMutableBufferPointer { slopes throws(LossError) in
            try body(predicted, targets, weighted ? factors : nil, slopes.baseAddress)
          }
        }
      }
    }
  }
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
  var corners: SIMD4<Float> { SIMD4(x1, y1, x2, y2) }
}
