import CKernels
import Formulas

/// A formula compiled to value and gradient in Float over blocks of rows that stay in the cache.
///
/// Reuses its workspace: after the first call with the largest batch it allocates nothing. One per thread.
/// Agrees with `ReferenceEvaluator` up to rounding.
public final class Program {
  /// Numbers aimed at for one block of one node (1 KiB).
  private static let blockElements = 256

  private let plan: ProgramPlan
  private let instructionSet: InstructionSet
  private let values: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  private let gradients: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  private let constants: UnsafeMutablePointer<Float>
  private var workspace: UnsafeMutablePointer<Float>?
  private var capacity = 0
  private let rootIsVariable: Bool

  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public convenience init(_ formula: Formula, mode: Mode) throws(FormulaError) {
    try self.init(formula, mode: mode, instructionSet: .best)
  }

  /// - Parameter instructionSet: one of `InstructionSet.available`; anything better falls back to the best there is.
  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public init(_ formula: Formula, mode: Mode, instructionSet: InstructionSet) throws(FormulaError) {
    self.instructionSet = min(instructionSet, .best)
    plan = try ProgramPlan(formula, mode: mode, instructionSet: self.instructionSet)
    rootIsVariable = formula.nodes[formula.root].isLeaf && plan.constants[formula.root] == nil
    let count = formula.nodeCount
    values = .allocate(capacity: count)
    values.initialize(repeating: nil, count: count)
    gradients = .allocate(capacity: count)
    gradients.initialize(repeating: nil, count: count)
    constants = .allocate(capacity: count)
    constants.initialize(repeating: 0, count: count)
    for (index, constant) in plan.constants.enumerated() {
      guard let constant else { continue }
      constants[index] = constant
      values[index] = constants + index
    }
  }

  deinit {
    values.deallocate()
    gradients.deallocate()
    constants.deallocate()
    workspace?.deallocate()
  }

  public var formula: Formula { plan.formula }
  public var mode: Mode { plan.mode }
  /// The shape of the value.
  public var shape: ValueShape { plan.shapes[plan.formula.root].value }
  /// Whether a row's value depends on other rows.
  public var couplesSamples: Bool { plan.couplesSamples }

  /// Whether the value depends on a variable that has a gradient.
  public func depends(on variable: Variable) -> Bool {
    mode.differentiableVariables.contains(variable) && formula.nodes.contains(.variable(variable))
  }

  /// The number of entries of the value for a batch.
  public func valueCount(rows: Int, classes: Int) -> Int {
    plan.count(of: formula.root, rows: rows, classes: classes)
  }

  /// Computes value and gradient.
  /// - Parameters:
  ///   - inputs: every variable of the formula, N×C (classification) or N (regression) numbers, row-major.
  ///   - rows: N; 0 is allowed.
  ///   - classes: C; 1 for regression.
  ///   - upstream: a weight for each entry of the value; nil stands for 1.
  ///   - value: `valueCount` places to write to, or nil.
  ///   - gradients: where to write the gradient of the weighted sum (overwritten; 0 without dependence), or nil.
  /// - Precondition: every variable of the formula is given; use `check` of `LossInputs` for data from outside.
  public func evaluate(
    inputs: InputPointers, rows: Int, classes: Int = 1, upstream: UnsafePointer<Float>? = nil,
    value: UnsafeMutablePointer<Float>?, gradients wanted: GradientPointers? = nil
  ) {
    let width = mode.variableShape == .perElement ? classes : 1
    clearAbsent(wanted, count: rows * width)
    if let constant = plan.constants[plan.shapes.count - 1] {
      value?.pointee = constant
      return
    }
    let step = plan.couplesSamples ? max(rows, 1) : Self.rowsOfBlock(width: width)
    reserve(elements: min(step, max(rows, 1)) * width)
    var start = 0
    repeat {
      let count = min(step, rows - start)
      bind(inputs, wanted, value: value, row: start, width: width)
      run(rows: count, classes: width, row: start, upstream: upstream, value: value, backward: wanted != nil)
      start += step
    } while start < rows
  }

  /// Rows of a block: whole vectors of 16 numbers where the classes allow it.
  private static func rowsOfBlock(width: Int) -> Int {
    if width <= blockElements / 16 { return blockElements / max(width, 1) / 16 * 16 }
    return width <= 128 ? 16 : 1
  }

  private func clearAbsent(_ wanted: GradientPointers?, count: Int) {
    guard let wanted else { return }
    for variable in plan.absent { wanted[variable]?.update(repeating: 0, count: count) }
  }

  /// Makes room for value and gradient of every node in one block.
  private func reserve(elements: Int) {
    let padded = (elements + 15) / 16 * 16
    guard padded > capacity || workspace == nil else { return }
    workspace?.deallocate()
    let room = UnsafeMutablePointer<Float>.allocate(capacity: padded * 2 * plan.shapes.count)
    (workspace, capacity) = (room, padded)
    for index in plan.shapes.indices {
      if plan.constants[index] == nil { values[index] = room + 2 * index * padded }
      gradients[index] = plan.depends[index] ? room + (2 * index + 1) * padded : nil
    }
  }

  /// Points the variables and the result at the block that starts at a row.
  private func bind(
    _ inputs: InputPointers, _ wanted: GradientPointers?, value: UnsafeMutablePointer<Float>?, row: Int, width: Int
  ) {
    guard let workspace else { return }
    for (index, variable) in plan.leaves {
      guard let input = inputs[variable] else { preconditionFailure("no input for \(variable.rawValue)") }
      values[index] = UnsafeMutablePointer(mutating: input + row * width)
      guard plan.depends[index] else { continue }
      gradients[index] = wanted?[variable].map { $0 + row * width } ?? workspace + (2 * index + 1) * capacity
    }
    let root = plan.shapes.count - 1
    guard !rootIsVariable else { return }
    let offset = plan.offset(of: root, row: row, classes: width)
    values[root] = value.map { $0 + offset } ?? workspace + 2 * root * capacity
  }

  private func run(
    rows: Int, classes: Int, row: Int, upstream: UnsafePointer<Float>?, value: UnsafeMutablePointer<Float>?,
    backward: Bool
  ) {
    let root = plan.shapes.count - 1
    let stepCount = Int32(plan.steps.count)
    let offset = plan.offset(of: root, row: row, classes: classes)
    let count = plan.count(of: root, rows: rows, classes: classes)
    plan.steps.withUnsafeBufferPointer { steps in
      formula_forward(instructionSet.rawValue, steps.baseAddress, stepCount, Int32(rows), Int32(classes), values)
    }
    if let value, rootIsVariable, let source = values[root] {
      (value + offset).update(from: source, count: count)
    }
    guard backward, let seed = gradients[root] else { return }
    if let upstream {
      seed.update(from: upstream + offset, count: count)
    } else {
      seed.update(repeating: 1, count: count)
    }
    plan.steps.withUnsafeBufferPointer { steps in
      formula_backward(
        instructionSet.rawValue, steps.baseAddress, stepCount, Int32(rows), Int32(classes), values, gradients)
    }
  }
}
