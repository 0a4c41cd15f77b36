import CKernels

/// Turns a tape into instructions: which value is computed when, what stays in the accumulator, what goes where.
///
/// Values are visited from the results down, so that most are used by the instruction right after their own and never
/// leave the accumulator. Where rows are summed, the work falls into stages: a sum over classes ends one, what needs
/// the sum belongs to the next. One schedule is one walk over the batch (a pass); a sum over the batch that an earlier
/// pass has computed is a constant here.
struct ProgramScheduler {
  /// Where numbers lie: a part of the machine's table and an index in it.
  enum Part: Int32 {
    case constant, fixed, rowInput, rowOutput, input, output, kept, sum
  }

  /// A part and an index, in one number.
  struct Place {
    let bits: Int32

    init(bits: Int32) { self.bits = bits }

    init(_ part: Part, _ index: Int32) { bits = part.rawValue << 24 | index }

    var part: Part { Part(rawValue: bits >> 24) ?? .constant }
    var index: Int32 { bits & 0xff_ffff }
  }

  /// What is known of one value while the schedule is made.
  struct State {
    /// Where it lies in memory.
    var place: Place?
    var isStoredNegated = false
    /// Whether its tile can be used again afterwards.
    var isTemporary = false
    var isDone = false
    /// How often it is still read.
    var uses: Int32 = 0
    /// The stage whose inputs it needs; for a sum over classes, the stage that computes it.
    var earliest: Int32 = 0
    var stage = Int32.max
    var lastStage: Int32 = -1
    var height: Int32 = 0
  }

  let tape: Tape
  let outputs: [ProgramOutput]
  var states: [State]
  /// The value in the accumulator, or -1.
  var accumulator = -1
  var isAccumulatorNegated = false
  /// Whether the instructions are for the rows' part of a stage.
  var isInRows = false
  var currentStage: Int32 = 0
  var freeTiles: [Int32] = []
  /// How often each operation has been used, modulo the number of its copies.
  var copies = [UInt32](repeating: 0, count: FORMULA_OPS)
  var isStored: [Bool]
  private var stack: [Int] = []

  var code: [formula_instruction] = []
  private(set) var starts: [Int32] = []
  private(set) var stageCount: Int32 = 1
  var fixedCount: Int32 = 0
  var keptCount: Int32 = 0
  var constants: [ProgramConstant] = []
  var rowInputs: [ProgramInput] = []
  var inputs: [ProgramInput] = []
  /// The sums over the batch that this pass computes.
  private(set) var sums: [Int] = []
  /// Whether rows matter: if not, a batch is one line of elements.
  private(set) var isByRows = false

  init(_ tape: Tape, outputs: [ProgramOutput], sums: [Int]) {
    self.tape = tape
    self.outputs = outputs
    self.sums = sums
    states = Array(repeating: State(), count: tape.values.count)
    isStored = Array(repeating: false, count: outputs.count)
    code.reserveCapacity(tape.values.count * 2)
    count()
    assignStages()
    for stage in 0..<stageCount { schedule(stage) }
    resolvePlaces()
  }

  /// Turns parts and indices into indices of the machine's table.
  private mutating func resolvePlaces() {
    let fixed = Int32(constants.count)
    let rowInput = fixed + fixedCount
    let rowOutput = rowInput + Int32(rowInputs.count)
    let input = rowOutput + rowOutputCount
    let output = input + Int32(inputs.count)
    let kept = output + outputCount
    for index in code.indices {
      let place = Place(bits: Int32(code[index].place))
      let base =
        switch place.part {
        case .constant, .sum: Int32(0)
        case .fixed: fixed
        case .rowInput: rowInput
        case .rowOutput: rowOutput
        case .input: input
        case .output: output
        case .kept: kept
        }
      code[index].place = UInt32(base + place.index)
    }
  }

  var rowOutputCount: Int32 { Int32(outputs.count { $0.extent != .element }) }
  var outputCount: Int32 { Int32(outputs.count { $0.extent == .element }) }

  func isFinished(_ value: Int) -> Bool {
    tape.values[value].operation == .batchSum && !sums.contains(value)
  }

  /// The values a value is computed from here; -1 where there is none.
  private func operands(_ index: Int) -> (Int, Int) { isFinished(index) ? (-1, -1) : tape.operands(index) }

  // MARK: Before: who is needed, how often, when

  private mutating func count() {
    for output in outputs { states[output.reference.value].uses += 1 }
    for sum in sums { states[sum].uses += 1 }
    for index in states.indices.reversed() where states[index].uses > 0 {
      let (first, second) = operands(index)
      if first >= 0 { states[first].uses += 1 }
      if second >= 0 { states[second].uses += 1 }
    }
  }

  private mutating func assignStages() {
    for index in states.indices where states[index].uses > 0 {
      let (first, second) = operands(index)
      if first >= 0 { follow(index, first) }
      if second >= 0 { follow(index, second) }
      if tape.values[index].extent == .row { isByRows = true }
      if tape.values[index].operation == .batchSum || tape.values[index].operation == .upstream,
        tape.values[index].extent == .one
      {
        isByRows = true
      }
      stageCount = max(stageCount, states[index].earliest + 1)
    }
    for output in outputs {
      let value = output.reference.value
      let stage = states[value].earliest + (isOverClasses(value) ? 1 : 0)
      stageCount = max(stageCount, stage + 1)
      need(value, at: stage)
    }
    for sum in sums { need(sum, at: states[sum].earliest) }
    for index in states.indices.reversed() where states[index].uses > 0 {
      if isOverClasses(index) { states[index].stage = states[index].earliest }
      let (first, second) = operands(index)
      if first >= 0 { need(first, at: states[index].stage) }
      if second >= 0 { need(second, at: states[index].stage) }
    }
  }

  /// A value comes after its operand; after a sum over classes, a stage later.
  private mutating func follow(_ value: Int, _ operand: Int) {
    states[value].earliest = max(states[value].earliest, states[operand].earliest + (isOverClasses(operand) ? 1 : 0))
    states[value].height = max(states[value].height, states[operand].height + 1)
  }

  private mutating func need(_ value: Int, at stage: Int32) {
    states[value].stage = min(states[value].stage, stage)
    states[value].lastStage = max(states[value].lastStage, stage)
  }

  func isOverClasses(_ value: Int) -> Bool {
    tape.values[value].operation == .rowSum || tape.values[value].operation == .rowMax
  }

  // MARK: One stage

  private mutating func schedule(_ stage: Int32) {
    currentStage = stage
    starts.append(Int32(code.count))
    isInRows = true
    if isByRows {
      startReductions()
      visitAll()
      visitOutputs()
    }
    endPart()
    isInRows = false
    starts.append(Int32(code.count))
    visitAll()
    visitOutputs()
    endPart()
  }

  /// Computes what rows need (in the rows' part) or sums up over elements.
  private mutating func visitAll() {
    guard isByRows else { return }
    for index in states.indices where states[index].uses > 0 && states[index].stage == currentStage {
      guard !states[index].isDone else { continue }
      if isInRows ? isComputedInRows(index) : isReduction(index) && !isComputedInRows(index) { visit(index) }
    }
  }

  private mutating func visitOutputs() {
    for number in outputs.indices where (outputs[number].extent != .element) == isInRows {
      guard !isStored[number], outputStage(outputs[number]) == currentStage else { continue }
      visit(outputs[number].reference.value)
      if !isStored[number] { store(number) }
    }
  }

  func outputStage(_ output: ProgramOutput) -> Int32 {
    let value = output.reference.value
    return states[value].earliest + (isOverClasses(value) ? 1 : 0)
  }

  func isReduction(_ index: Int) -> Bool {
    isOverClasses(index) || (tape.values[index].operation == .batchSum && !isFinished(index))
  }

  /// Whether a value is a number for rows (or for all) and no sum over elements.
  func isComputedInRows(_ index: Int) -> Bool {
    let value = tape.values[index]
    switch value.operation {
    case .constant, .input, .upstream, .rowSum, .rowMax: return false
    case .batchSum: return !isFinished(index) && value.summed == .row
    case .add, .mul, .div, .keepUnclamped, .keepPositive, .expShifted, .square, .abs, .sign, .sqrt, .relu, .exp, .log,
      .sig, .tanh,
      .erf, .atan, .gauss, .sin, .cos, .softplus, .softplusSlope:
      return value.extent != .element
    }
  }

  /// Sums over classes start at 0, maxima at -infinity. The two tiles behind a sum's hold
  /// what its additions lose and the sum of a few classes.
  private mutating func startReductions() {
    for index in states.indices where states[index].uses > 0 && states[index].stage == currentStage {
      guard isOverClasses(index) else { continue }
      let isSum = tape.values[index].operation == .rowSum
      let place = Place(.fixed, fixedCount)
      states[index].place = place
      emit(FORMULA_LOAD, FORMULA_SPLAT, constantPlace(.number(isSum ? 0 : -.infinity)))
      emit(FORMULA_STORE, place)
      fixedCount += isSum ? 3 : 1
    }
    accumulator = -1
  }

  private mutating func endPart() {
    saveAccumulator()
    accumulator = -1
    emit(FORMULA_END)
  }

  // MARK: One value after the other

  /// Computes a value and, before it, what it needs: the operand that is best kept in the accumulator last.
  private mutating func visit(_ root: Int) {
    stack.append(root)
    while let top = stack.last {
      if states[top].isDone {
        stack.removeLast()
        continue
      }
      let (first, second) = operands(top)
      let needsFirst = first >= 0 && !isReady(first)
      let needsSecond = second >= 0 && !isReady(second)
      if needsFirst, needsSecond {
        stack.append(comesLast(first, before: second) ? second : first)
      } else if needsFirst {
        stack.append(first)
      } else if needsSecond {
        stack.append(second)
      } else {
        stack.removeLast()
        compute(top)
        states[top].isDone = true
        storeIfOutput(top)
      }
    }
  }

  /// Whether the first value is better computed right before it is used: the one used once, else the smaller one.
  private func comesLast(_ first: Int, before second: Int) -> Bool {
    let (a, b) = (states[first], states[second])
    if (a.uses == 1) != (b.uses == 1) { return a.uses == 1 }
    return a.height < b.height
  }

  private func isReady(_ value: Int) -> Bool {
    if states[value].isDone { return true }
    switch tape.values[value].operation {
    case .constant, .input, .upstream: return true
    case .batchSum: return isFinished(value)
    case .add, .mul, .div, .keepUnclamped, .keepPositive, .expShifted, .square, .abs, .sign, .sqrt, .relu, .exp, .log,
      .sig, .tanh,
      .erf, .atan, .gauss, .sin, .cos, .softplus, .softplusSlope, .rowSum, .rowMax:
      return false
    }
  }
}
