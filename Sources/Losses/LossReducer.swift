import Formulas

/// Weighs and reduces what a program computes for one batch, reusing its room.
///
/// The loss's entries are those of the program's value spread over the weights; the gradient is that of the reduced
/// value (of the sum of the entries when nothing is reduced).
final class LossReducer {
  let program: Program
  let reduction: Reduction
  let lossWeight: Float
  private var value = FloatRoom()
  private var upstream = FloatRoom()

  /// The weights of a batch: a number for each entry of the loss.
  struct Weights {
    /// Nil stands for 1 everywhere.
    let values: UnsafePointer<Float>?
    /// The lengths of the loss's axes; one axis where there are no columns.
    let rows: Int
    var columns: Int?

    var count: Int { rows * (columns ?? 1) }
    var shape: [Int] { columns.map { [rows, $0] } ?? [rows] }
  }

  init(_ program: Program, reduction: Reduction, lossWeight: Float) {
    self.program = program
    self.reduction = reduction
    self.lossWeight = lossWeight
  }

  /// - Parameter gradients: where to write the gradients with respect to the variables.
  /// - Throws: `LossError.averageFactorWithSum`.
  func evaluate(
    inputs: InputPointers, rows: Int, classes: Int, weights: Weights?, averageFactor: Float?,
    reduction override: Reduction?, gradients: GradientPointers?
  ) throws(LossError) -> LossValue {
    let reduction = override ?? self.reduction
    if averageFactor != nil, reduction == .sum { throw .averageFactorWithSum }
    let own = program.valueCount(rows: rows, classes: classes)
    let entries = weights?.count ?? own
    let factor = lossWeight * Self.scale(reduction, averageFactor, entries: entries)
    let value = self.value.reserve(own)
    let upstream = self.upstream.reserve(own)
    Self.fill(upstream, count: own, entries: entries, weights: weights?.values, factor: factor)
    program.evaluate(
      inputs: inputs, rows: rows, classes: classes, upstream: UnsafePointer(upstream), value: value,
      gradients: gradients)
    if reduction == .none {
      let result = (0..<entries).map { value[own == 1 ? 0 : $0] * (weights?.values?[$0] ?? 1) * lossWeight }
      let shape = weights?.shape ?? program.shape.extents(rows: rows, classes: classes)
      return .entries(result, shape: shape)
    }
    var sum = 0.0
    for k in 0..<own { sum += Double(value[k]) * Double(upstream[k]) }
    return .number(Float(sum))
  }

  private static func scale(_ reduction: Reduction, _ averageFactor: Float?, entries: Int) -> Float {
    switch reduction {
    case .none, .sum: 1
    case .mean: 1 / (averageFactor ?? Float(entries))
    }
  }

  /// What each entry of the value counts in the reduced loss.
  private static func fill(
    _ upstream: UnsafeMutablePointer<Float>, count: Int, entries: Int, weights: UnsafePointer<Float>?, factor: Float
  ) {
    if count == entries {
      for k in 0..<count { upstream[k] = (weights?[k] ?? 1) * factor }
    } else {
      // A single number, spread over the weights.
      var sum = 0.0
      for k in 0..<entries { sum += Double(weights?[k] ?? 1) }
      upstream[0] = Float(sum) * factor
    }
  }
}

/// A buffer that grows and is reused.
struct FloatRoom: ~Copyable {
  private var pointer: UnsafeMutablePointer<Float>?
  private var capacity = 0

  /// Room for `count` numbers; what it held before is lost when it grows.
  mutating func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
    if let pointer, count <= capacity { return pointer }
    pointer?.deallocate()
    capacity = max(count, 64)
    let grown = UnsafeMutablePointer<Float>.allocate(capacity: capacity)
    pointer = grown
    return grown
  }

  deinit { pointer?.deallocate() }
}
