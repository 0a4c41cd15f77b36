import CKernels
import Formulas

/// A formula compiled to value and gradient in Float, for batches of any size.
///
/// ## Goals, in this order
/// Exact: every operation of the formula rounds once, as in `ReferenceEvaluator` with Float in place of Double;
/// elementary functions are good to 2 units in the last place; sums over classes and the differences inside Softmax carry
/// what rounding takes away; a row's numbers do not depend on its neighbours or its place in the batch. Fast: near a
/// hand-written loop. Readable: no generated machine code. Cheap to compile.
///
/// ## From formula to numbers
/// | step | file | what happens |
/// |---|---|---|
/// | lower | `ProgramLowering` | primitives become elementary operations, each distinct one once |
/// | differentiate | `ProgramLowering` | reverse accumulation adds the gradient's operations to the same tape |
/// | simplify | `Tape` | while operations are added: constants folded, signs moved, 1·x and x/2ᵏ; bit for bit the same |
/// | prune | `ProgramScheduler` | only what the request needs (value, some gradients) is visited |
/// | schedule | `ProgramScheduler` | an order that keeps results in the accumulator; stages where rows are summed |
/// | emit | `ProgramInstructions` | instructions with an accumulator and one operand; tiles are used again |
/// | run | `formula_machine.h` | tiles of eight vectors, held in registers from one instruction to the next |
///
/// Inputs are read and results written in place, a tile at a time. Where rows of classes matter (Softmax, Dot), tiles
/// of rows are turned on their side, so that sums over classes are sums of vectors.
///
/// A program keeps the code and the room it has needed: after the first evaluation of a kind with the largest batch
/// it allocates nothing. One per thread.
public final class Program {
  public let formula: Formula
  public let mode: Mode
  private let shapes: [NodeShape]
  private let depends: [Bool]
  private let instructionSet: InstructionSet
  /// The differentiable variables of the mode that do not occur: their gradient is 0.
  private let absent: [Variable]
  private var codes: [ProgramCode] = []
  private var room: UnsafeMutablePointer<Float>?
  private var roomCount = 0
  private var table: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>?
  private var tableCount = 0
  private var sums: UnsafeMutablePointer<Double>?
  private var sumCount = 0

  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public convenience init(_ formula: Formula, mode: Mode) throws(FormulaError) {
    try self.init(formula, mode: mode, instructionSet: .best)
  }

  /// - Parameters:
  ///   - formula: what the program computes.
  ///   - mode: the formula's mode.
  ///   - instructionSet: one of `InstructionSet.available`; anything better falls back to the best there is.
  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public init(_ formula: Formula, mode: Mode, instructionSet: InstructionSet) throws(FormulaError) {
    self.formula = formula
    self.mode = mode
    self.instructionSet = min(instructionSet, .best)
    shapes = try formula.nodeShapes(in: mode)
    depends = formula.predictionDependence(in: mode)
    absent = mode.differentiableVariables.filter { !formula.nodes.contains(.variable($0)) }
  }

  deinit {
    room?.deallocate()
    table?.deallocate()
    sums?.deallocate()
  }

  /// The shape of the value.
  public var shape: ValueShape { shapes[formula.root].value }
  /// Whether a row's value depends on other rows.
  public var couplesSamples: Bool { shapes[formula.root].couplesSamples }

  /// Whether the value depends on a variable that has a gradient.
  public func depends(on variable: Variable) -> Bool {
    mode.differentiableVariables.contains(variable) && formula.nodes.contains(.variable(variable))
  }

  /// The number of entries of the value for a batch.
  public func valueCount(rows: Int, classes: Int) -> Int {
    switch shape {
    case .rankZero, .one: 1
    case .perSample: rows
    case .perElement: rows * classes
    }
  }

  /// Computes value and gradient.
  /// - Parameters:
  ///   - inputs: every variable of the formula, N×C (classification) or N (regression) numbers, row-major.
  ///   - rows: N; 0 is allowed.
  ///   - classes: C; 1 for regression.
  ///   - upstream: a weight for each entry of the value; nil stands for 1.
  ///   - value: `valueCount` places to write to, or nil.
  ///   - wanted: where to write the gradient of the weighted sum (overwritten; 0 without dependence), or nil.
  /// - Precondition: every variable of the formula is given; use `check` of `LossInputs` for data from outside. Places
  ///   to write to overlap neither each other nor what is read.
  public func evaluate(
    inputs: InputPointers, rows: Int, classes: Int = 1, upstream: UnsafePointer<Float>? = nil,
    value: UnsafeMutablePointer<Float>?, gradients wanted: GradientPointers? = nil
  ) {
    let width = mode.variableShape == .perElement ? classes : 1
    if let wanted {
      for variable in absent { wanted[variable]?.update(repeating: 0, count: rows * width) }
    }
    var bits: UInt16 = 0
    if let wanted {
      for variable in mode.differentiableVariables where wanted[variable] != nil && !absent.contains(variable) {
        bits |= 1 << UInt16(variable.index)
      }
    }
    let request = ProgramCode.Request(value: value != nil, gradients: bits, weighted: upstream != nil && bits != 0)
    guard request.value || bits != 0 else { return }
    let code = code(for: request)
    if let known = code.known {
      value?.pointee = known
      return
    }
    reserve(code, rows: rows, classes: width)
    for (index, pass) in code.passes.enumerated() {
      run(pass, inputs, rows, width, upstream, value, wanted)
      code.keepSums(of: index, sums)
    }
  }

  /// The code for a kind of request, compiled when first asked for.
  private func code(for request: ProgramCode.Request) -> ProgramCode {
    for code in codes where code.request == request { return code }
    let code = ProgramCode(formula, mode: mode, shapes: shapes, depends: depends, request: request)
    codes.append(code)
    return code
  }

  private func reserve(_ code: ProgramCode, rows: Int, classes: Int) {
    if code.tableCount > tableCount {
      table?.deallocate()
      tableCount = code.tableCount
      let pointers = UnsafeMutablePointer<UnsafeMutablePointer<Float>?>.allocate(capacity: tableCount)
      pointers.initialize(repeating: nil, count: tableCount)
      table = pointers
    }
    if code.sumCount > sumCount {
      sums?.deallocate()
      sumCount = code.sumCount
      let numbers = UnsafeMutablePointer<Double>.allocate(capacity: sumCount)
      numbers.initialize(repeating: 0, count: sumCount)
      sums = numbers
    }
    var needed = 1
    for pass in code.passes {
      withUnsafePointer(to: pass.program) {
        needed = max(needed, Int(formula_room(instructionSet.rawValue, $0, Int64(rows), Int64(classes))))
      }
    }
    guard needed > roomCount else { return }
    room?.deallocate()
    room = alignedFloats(needed)
    roomCount = needed
  }

  private func run(
    _ pass: ProgramCode.Pass, _ inputs: InputPointers, _ rows: Int, _ classes: Int, _ upstream: UnsafePointer<Float>?,
    _ value: UnsafeMutablePointer<Float>?, _ gradients: GradientPointers?
  ) {
    guard let table, let room else { return }
    if let upstream { pass.setWeight(upstream.pointee) }
    let program = pass.program
    var place = Int(program.constants + program.fixed)
    func array(of input: ProgramInput) -> UnsafeMutablePointer<Float>? {
      switch input {
      case .upstream: return UnsafeMutablePointer(mutating: upstream)
      case .variable(let variable):
        guard let array = inputs[variable] else { preconditionFailure("no input for \(variable.rawValue)") }
        return UnsafeMutablePointer(mutating: array)
      }
    }
    func array(of output: ProgramOutput.Target) -> UnsafeMutablePointer<Float>? {
      switch output {
      case .value: value
      case .gradient(let variable): gradients?[variable]
      }
    }
    func set(_ array: UnsafeMutablePointer<Float>?) {
      table[place] = array
      place += 1
    }
    for input in pass.rowInputs { set(array(of: input)) }
    let single = valueCount(rows: 2, classes: 1) == 1 && !pass.rowOutputs.isEmpty ? place : nil
    for output in pass.rowOutputs { set(single == nil ? array(of: output) : nil) }
    for input in pass.inputs { set(array(of: input)) }
    for output in pass.outputs { set(array(of: output)) }
    for index in pass.sums.indices { sums?[index] = 0 }
    withUnsafePointer(to: program) {
      formula_run(instructionSet.rawValue, $0, Int64(rows), Int64(classes), pass.constants, room, table, sums)
    }
    if let single, let value, let tile = table[single] { value.pointee = tile.pointee }
  }
}
