import CKernels
import Formulas

/// The machine code for one kind of request: passes over the batch, each a straight line of instructions in stages.
final class ProgramCode {
  /// What a caller wants of an evaluation.
  struct Request: Hashable {
    let value: Bool
    /// The variables whose gradients are wanted, as bits by `Variable.index`.
    let gradients: UInt16
    /// Whether the entries of the value have weights.
    let weighted: Bool

    func wantsGradient(of variable: Variable) -> Bool { gradients >> UInt16(variable.index) & 1 != 0 }
  }

  /// One walk over the batch. All but the last compute sums over the batch that later ones take as constants.
  struct Pass {
    var program: formula_program
    let code: UnsafeMutablePointer<formula_instruction>
    let starts: UnsafeMutablePointer<Int32>
    let inputs: [ProgramInput]
    let rowInputs: [ProgramInput]
    let outputs: [ProgramOutput.Target]
    let rowOutputs: [ProgramOutput.Target]
    let constants: UnsafeMutablePointer<Float>
    /// The constants that are known only while running.
    let late: [(place: Int, constant: ProgramConstant)]
    /// The values on the tape that are this pass's sums.
    let sums: [Int]

    /// Sets the weight of a value that is one number.
    func setWeight(_ weight: Float) {
      for (place, constant) in late where constant == .upstream { ProgramCode.fill(constants, place, weight) }
    }
  }

  let request: Request
  /// The value of a formula of constants.
  let known: Float?
  private(set) var passes: [Pass] = []
  /// The most sums of a pass.
  let sumCount: Int
  let tableCount: Int

  init(_ formula: Formula, mode: Mode, shapes: [NodeShape], depends: [Bool], request: Request) {
    self.request = request
    var lowering = ProgramLowering(formula, shapes: shapes, mode: mode)
    var outputs: [ProgramOutput] = []
    known = lowering.tape.number(lowering.value)
    if request.value {
      outputs.append(
        ProgramOutput(
          target: .value, reference: lowering.value, extent: Tape.Extent(shapes[formula.root].value, in: mode)))
    }
    if request.gradients != 0 {
      for (variable, gradient) in lowering.gradients(depends: depends, weighted: request.weighted)
      where request.wantsGradient(of: variable) {
        outputs.append(ProgramOutput(target: .gradient(variable), reference: gradient, extent: .element))
      }
    }
    let tape = lowering.tape
    let levels = Self.sumsByLevel(tape, outputs)
    sumCount = levels.map(\.count).max() ?? 0
    var tableCount = max(sumCount, 1)
    for sums in levels {
      let pass = Self.pass(ProgramScheduler(tape, outputs: [], sums: sums))
      passes.append(pass)
      withUnsafePointer(to: pass.program) { tableCount = max(tableCount, Int(formula_table($0))) }
    }
    let last = Self.pass(ProgramScheduler(tape, outputs: outputs, sums: []))
    passes.append(last)
    withUnsafePointer(to: last.program) { tableCount = max(tableCount, Int(formula_table($0))) }
    self.tableCount = tableCount
  }

  deinit {
    for pass in passes {
      pass.code.deallocate()
      pass.starts.deallocate()
      pass.constants.deallocate()
    }
  }

  /// The sums over the batch that results need, those first that need no others.
  private static func sumsByLevel(_ tape: Tape, _ outputs: [ProgramOutput]) -> [[Int]] {
    guard tape.values.contains(where: { $0.operation == .batchSum }) else { return [] }
    var isNeeded = [Bool](repeating: false, count: tape.values.count)
    for output in outputs { isNeeded[output.reference.value] = true }
    for index in tape.values.indices.reversed() where isNeeded[index] {
      let (first, second) = tape.operands(index)
      if first >= 0 { isNeeded[first] = true }
      if second >= 0 { isNeeded[second] = true }
    }
    var levels = [Int](repeating: 0, count: tape.values.count)
    var sums: [[Int]] = []
    for index in tape.values.indices where isNeeded[index] {
      let (first, second) = tape.operands(index)
      for operand in [first, second] where operand >= 0 {
        let isSum = tape.values[operand].operation == .batchSum
        levels[index] = max(levels[index], levels[operand] + (isSum ? 1 : 0))
      }
      guard tape.values[index].operation == .batchSum else { continue }
      while sums.count <= levels[index] { sums.append([]) }
      sums[levels[index]].append(index)
    }
    return sums
  }

  private static func pass(_ schedule: ProgramScheduler) -> Pass {
    let code = UnsafeMutablePointer<formula_instruction>.allocate(capacity: schedule.code.count)
    schedule.code.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { code.initialize(from: base, count: source.count) }
    }
    let starts = UnsafeMutablePointer<Int32>.allocate(capacity: schedule.starts.count)
    schedule.starts.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { starts.initialize(from: base, count: source.count) }
    }
    let constants = alignedFloats(max(schedule.constants.count, 1) * stride)
    var late: [(Int, ProgramConstant)] = []
    for (index, constant) in schedule.constants.enumerated() {
      switch constant {
      case .number(let number): fill(constants, index, number)
      case .sum, .upstream: late.append((index, constant))
      }
    }
    let program = formula_program(
      code: code, starts: starts, stages: schedule.stageCount, by_rows: schedule.isByRows,
      constants: Int32(schedule.constants.count), fixed: schedule.fixedCount,
      row_inputs: Int32(schedule.rowInputs.count), row_outputs: schedule.rowOutputCount,
      inputs: Int32(schedule.inputs.count), outputs: schedule.outputCount, kept: schedule.keptCount)
    return Pass(
      program: program, code: code, starts: starts, inputs: schedule.inputs, rowInputs: schedule.rowInputs,
      outputs: schedule.outputs.filter { $0.extent == .element }.map(\.target),
      rowOutputs: schedule.outputs.filter { $0.extent != .element }.map(\.target), constants: constants, late: late,
      sums: schedule.sums)
  }

  /// Hands the sums of a pass to the passes after it.
  func keepSums(of index: Int, _ sums: UnsafeMutablePointer<Double>?) {
    guard let sums else { return }
    for (number, value) in passes[index].sums.enumerated() {
      for later in passes[(index + 1)...] {
        for (place, constant) in later.late where constant == .sum(value) {
          Self.fill(later.constants, place, Float(sums[number]))
        }
      }
    }
  }

  private static let stride = Int(FORMULA_CONSTANT_STRIDE)

  /// Writes a constant, once for each lane.
  static func fill(_ constants: UnsafeMutablePointer<Float>, _ index: Int, _ number: Float) {
    (constants + index * stride).update(repeating: number, count: stride)
  }
}

/// Room for numbers that starts at a cache line.
func alignedFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
  let raw = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
  let floats = raw.bindMemory(to: Float.self, capacity: count)
  floats.initialize(repeating: 0, count: count)
  return floats
}
