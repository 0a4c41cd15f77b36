import Formulas
import Losses

/// Memory for a batch that programs read and write, laid out as a caller of `Program.evaluate` would.
final class ProgramArrays {
  /// What can be asked of an evaluation.
  enum Request: CaseIterable {
    case value, gradient, both, weightedGradient, weightedBoth

    var wantsValue: Bool { self == .value || self == .both || self == .weightedBoth }
    var wantsGradient: Bool { self != .value }
    var isWeighted: Bool { self == .weightedGradient || self == .weightedBoth }
  }

  let mode: Mode
  let classes: Int
  private let count: Int
  private var inputs: [Variable: UnsafeMutablePointer<Float>] = [:]
  private let upstream: UnsafeMutablePointer<Float>
  private let value: UnsafeMutablePointer<Float>
  private var gradients: [Variable: UnsafeMutablePointer<Float>] = [:]

  /// Inputs drawn as the loss wrappers make them.
  init(mode: Mode, rows: Int, classes: Int, seed: UInt64 = 0) {
    self.mode = mode
    self.classes = mode == .regression ? 1 : classes
    count = rows * self.classes
    var random = RandomFormulas(seed: seed)
    let drawn = random.inputs(mode, rows: rows, classes: classes).converted(to: Float.self)
    upstream = .allocate(capacity: count)
    value = .allocate(capacity: count)
    for (k, weight) in random.upstream(count).enumerated() { upstream[k] = Float(weight) }
    value.initialize(repeating: 0, count: count)
    for variable in mode.variables {
      let array = UnsafeMutablePointer<Float>.allocate(capacity: count)
      for (k, number) in (drawn[variable] ?? []).enumerated() { array[k] = number }
      inputs[variable] = array
    }
    for variable in mode.differentiableVariables {
      let array = UnsafeMutablePointer<Float>.allocate(capacity: count)
      array.initialize(repeating: 0, count: count)
      gradients[variable] = array
    }
  }

  deinit {
    for array in inputs.values { array.deallocate() }
    for array in gradients.values { array.deallocate() }
    upstream.deallocate()
    value.deallocate()
  }

  /// Evaluates some rows of the batch.
  func evaluate(_ program: Program, _ request: Request, first: Int = 0, rows: Int) {
    let start = first * classes
    var read = InputPointers()
    for variable in mode.variables { read[variable] = inputs[variable].map { UnsafePointer($0 + start) } }
    var written = GradientPointers()
    for variable in mode.differentiableVariables { written[variable] = gradients[variable].map { $0 + start } }
    let offset = valueOffset(program, first)
    program.evaluate(
      inputs: read, rows: rows, classes: classes,
      upstream: request.isWeighted ? UnsafePointer(upstream + offset) : nil,
      value: request.wantsValue ? value + offset : nil, gradients: request.wantsGradient ? written : nil)
  }

  /// Overwrites the results, so that what is not written shows.
  func clear() {
    value.update(repeating: -7.75, count: count)
    for array in gradients.values { array.update(repeating: -7.75, count: count) }
  }

  /// The bits of value and gradients of some rows, nan always the same.
  func bits(_ program: Program, _ request: Request, first: Int = 0, rows: Int) -> [UInt32] {
    func bits(_ array: UnsafeMutablePointer<Float>, _ range: Range<Int>) -> [UInt32] {
      range.map { array[$0].isNaN ? Float.nan.bitPattern : array[$0].bitPattern }
    }
    var all: [UInt32] = []
    if request.wantsValue {
      let start = valueOffset(program, first)
      all += bits(value, start..<(start + program.valueCount(rows: rows, classes: classes)))
    }
    guard request.wantsGradient else { return all }
    for variable in mode.differentiableVariables {
      guard let array = gradients[variable] else { continue }
      all += bits(array, (first * classes)..<((first + rows) * classes))
    }
    return all
  }

  private func valueOffset(_ program: Program, _ row: Int) -> Int {
    switch program.shape {
    case .rankZero, .one: 0
    case .perSample: row
    case .perElement: row * classes
    }
  }
}
