import Formulas
import Losses

/// The box loss of the second stage, with its gradient with respect to the four deltas of each object.
final class BoxTerm {
  /// What is compared with the target.
  private enum Comparison {
    /// Decoded boxes, in pixels of the input.
    case boxes(RegressionLoss)
    case deltas(DeltaLoss)
  }

  private let comparison: Comparison
  private let coder = DeltaCoder.secondStage

  init(_ loss: BoxLoss) throws(DetectorError) {
    switch loss.kind {
    case .l1Deltas: comparison = .deltas(DeltaLoss(lossWeight: loss.weight))
    case .smoothL1Deltas(let beta): comparison = .deltas(DeltaLoss(beta: beta, lossWeight: loss.weight))
    case .formula(let formula):
      do {
        comparison = .boxes(try RegressionLoss(formula, lossWeight: loss.weight))
      } catch {
        throw .loss(place: "boxes", problem: error.message)
      }
    }
  }

  /// The weighted sum over the objects, divided by the number of all regions, and each object's gradient.
  func evaluate(
    _ objects: [ObjectRow], regionCount: Int
  ) throws(DetectorError) -> (loss: Double, gradients: [BoxDeltas]) {
    guard !objects.isEmpty else { return (0, []) }
    let divisor = Float(regionCount)
    do {
      switch comparison {
      case .boxes(let loss):
        let (value, corners) = try Self.gradient(
          objects.flatMap { $0.decoded.corners }, objects.flatMap { $0.target.corners }
        ) { predicted, targets, gradient throws(LossError) in
          Double(
            try loss.evaluate(
              RegressionBatch(predicted: predicted, targets: targets, averageFactor: divisor), gradient: gradient
            ).total)
        }
        let gradients = objects.indices.map { index in
          let c = corners[(4 * index)..<(4 * index + 4)].map { $0 }
          return coder.gradient(
            of: objects[index].deltas, anchor: objects[index].region,
            upstream: BoundingBox(x1: c[0], y1: c[1], x2: c[2], y2: c[3]))
        }
        return (value, gradients)
      case .deltas(let loss):
        let wanted = objects.flatMap { coder.encode($0.target, anchor: $0.region).numbers }
        let (value, numbers) = try Self.gradient(objects.flatMap { $0.deltas.numbers }, wanted) {
          predicted, targets, gradient throws(LossError) in
          Double(
            try loss.evaluate(
              predicted: predicted, targets: targets, weights: nil, averageFactor: divisor, gradient: gradient))
        }
        return (value, objects.indices.map { BoxDeltas(numbers[(4 * $0)..<(4 * $0 + 4)]) })
      }
    } catch {
      throw .loss(place: "boxes", problem: "\(error)")
    }
  }

  /// Calls `body` with the buffers of both arrays and of a gradient of the same length.
  private static func gradient(
    _ predicted: [Float], _ targets: [Float],
    _ body: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>, UnsafeMutablePointer<Float>?) throws(LossError)
      -> Double
  ) throws(LossError) -> (Double, [Float]) {
    var gradient = [Float](repeating: 0, count: predicted.count)
    let value = try predicted.withUnsafeBufferPointer { predicted throws(LossError) in
      try targets.withUnsafeBufferPointer { targets throws(LossError) in
        try gradient.withUnsafeMutableBufferPointer { gradient throws(LossError) in
          try body(predicted, targets, gradient.baseAddress)
        }
      }
    }
    return (value, gradient)
  }
}

extension BoundingBox {
  /// x1, y1, x2, y2.
  var corners: [Float] { [x1, y1, x2, y2] }
}

extension BoxDeltas {
  /// dx, dy, dw, dh.
  var numbers: [Float] { [dx, dy, dw, dh] }

  /// Of four numbers.
  init(_ numbers: ArraySlice<Float>) {
    let first = numbers.startIndex
    self.init(dx: numbers[first], dy: numbers[first + 1], dw: numbers[first + 2], dh: numbers[first + 3])
  }
}
