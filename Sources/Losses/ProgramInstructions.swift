import CKernels
import Formulas

/// What a pass reads, and what it takes as known.
enum ProgramInput: Equatable {
  case variable(Variable)
  case upstream
}

enum ProgramConstant: Equatable {
  case number(Float)
  /// A sum over the batch that an earlier pass has computed: the value on the tape.
  case sum(Int)
  /// The one weight of a value that is one number.
  case upstream
}

/// What a pass writes.
struct ProgramOutput {
  enum Target: Equatable {
    case value
    case gradient(Variable)
  }

  let target: Target
  let reference: Tape.Reference
  let extent: Tape.Extent
}

/// The instructions for one value; `ProgramScheduler` decides the order.
extension ProgramScheduler {
  mutating func compute(_ index: Int) {
    if isLeaf(index) { return }
    let value = tape.values[index]
    let (a, b) = (value.firstReference, value.secondReference)
    switch value.operation {
    case .constant, .input, .upstream: return
    case .add, .mul, .div: join(index, value.operation, a, b)
    case .keepUnclamped: select(index, FORMULA_KEEP_UNCLAMPED, a, b)
    case .keepPositive: select(index, FORMULA_KEEP_POSITIVE, a, b)
    case .square: apply(index, FORMULA_SQUARE, a, sign: .dropped)
    case .abs: apply(index, FORMULA_ABS, a, sign: .dropped)
    case .sign: apply(index, FORMULA_SIGN, a, sign: .passed)
    case .tanh: apply(index, FORMULA_TANH, a, sign: .passed)
    case .erf: apply(index, FORMULA_ERF, a, sign: .passed)
    case .atan: apply(index, FORMULA_ATAN, a, sign: .passed)
    case .gauss: apply(index, FORMULA_GAUSS, a, sign: .dropped)
    case .sqrt: apply(index, FORMULA_SQRT, a, sign: .counts)
    case .relu: apply(index, FORMULA_RELU, a, sign: .counts)
    case .exp: apply(index, FORMULA_EXP, a, sign: .counts)
    case .expShifted: apply(index, FORMULA_EXP_SHIFTED, a, sign: .counts, by: b)
    case .log: apply(index, FORMULA_LOG, a, sign: .counts)
    case .sig: apply(index, FORMULA_SIG, a, sign: .counts)
    case .sin, .cos: applyPair(FORMULA_SIN_COS, a, .sin, .cos)
    case .softplus, .softplusSlope: applyPair(FORMULA_SOFTPLUS, a, .softplus, .softplusSlope)
    case .rowSum: reduce(FORMULA_ROW_SUM, a, states[index].place)
    case .rowMax: reduce(FORMULA_ROW_MAX, a, states[index].place)
    case .batchSum: reduce(FORMULA_BATCH_SUM, a, sums.firstIndex(of: index).map { Place(.sum, Int32($0)) })
    }
  }

  // MARK: Operations

  /// Sum, product or quotient, with one argument in the accumulator and the other in memory.
  private mutating func join(
    _ index: Int, _ operation: Tape.Operation, _ a: Tape.Reference, _ b: Tape.Reference
  ) {
    if accumulator != a.value, accumulator != b.value { bring(isSplat(a.value) ? b.value : a.value) }
    let isSwapped = accumulator != a.value
    let (mine, other) = isSwapped ? (b, a) : (a, b)
    states[mine.value].uses -= 1
    saveAccumulator()
    let (place, form) = location(other.value)
    let mineNegated = isAccumulatorNegated != mine.isNegated
    let otherNegated = states[other.value].isStoredNegated != other.isNegated
    switch operation {
    case .mul: emit(FORMULA_MUL, form, place)
    case .div: emit(isSwapped ? FORMULA_DIV_FROM : FORMULA_DIV, form, place)
    default:
      switch (mineNegated, otherNegated) {
      case (false, false): emit(FORMULA_ADD, form, place)
      case (false, true): emit(FORMULA_SUB, form, place)
      case (true, false): emit(FORMULA_SUB_FROM, form, place)
      case (true, true):
        emit(FORMULA_NEG)
        emit(FORMULA_SUB, form, place)
      }
    }
    release(mine.value, uses: 0)
    release(other.value, uses: 1)
    accumulator = index
    isAccumulatorNegated = operation != .add && mineNegated != otherNegated
  }

  /// The second argument or 0, by the first, which lies in memory.
  private mutating func select(_ index: Int, _ op: formula_op, _ a: Tape.Reference, _ b: Tape.Reference) {
    let (place, form, copy) = exactLocation(a)
    bring(b.value)
    states[b.value].uses -= 1
    saveAccumulator()
    emit(op, form, place)
    if let copy { freeTiles.append(copy) }
    release(b.value, uses: 0)
    release(a.value, uses: 1)
    accumulator = index
  }

  /// What a function of one argument does with its sign.
  private enum SignRule {
    case counts, passed, dropped
  }

  /// A function of the accumulator and, for some, of a number of the row in memory.
  private mutating func apply(
    _ index: Int, _ op: formula_op, _ a: Tape.Reference, sign rule: SignRule, by b: Tape.Reference? = nil
  ) {
    bring(a.value)
    states[a.value].uses -= 1
    saveAccumulator()
    let isNegated = isAccumulatorNegated != a.isNegated
    if isNegated, rule == .counts { emit(FORMULA_NEG) }
    if let b {
      emit(op, location(b.value).0)
      release(b.value, uses: 1)
    } else {
      emit(op)
    }
    release(a.value, uses: 0)
    accumulator = index
    isAccumulatorNegated = isNegated && rule == .passed
  }

  /// Two functions of one argument at once: the first to the accumulator, the second to memory.
  private mutating func applyPair(
    _ op: formula_op, _ a: Tape.Reference, _ first: Tape.Operation, _ second: Tape.Operation
  ) {
    let firstValue = tape.find(first, a).flatMap { isWanted($0) ? $0 : nil }
    let secondValue = tape.find(second, a).flatMap { isWanted($0) ? $0 : nil }
    bring(a.value)
    states[a.value].uses -= (firstValue == nil ? 0 : 1) + (secondValue == nil ? 0 : 1)
    saveAccumulator()
    if isAccumulatorNegated != a.isNegated { emit(FORMULA_NEG) }
    let place = newPlace(for: secondValue)
    emit(op, place)
    release(a.value, uses: 0)
    accumulator = firstValue ?? -1
    isAccumulatorNegated = false
    if let firstValue { states[firstValue].isDone = true }
    if let secondValue {
      states[secondValue].isDone = true
      states[secondValue].place = place
    } else {
      freeTiles.append(place.index)
    }
  }

  private func isWanted(_ value: Int) -> Bool { states[value].uses > 0 && !states[value].isDone }

  private mutating func reduce(_ op: formula_op, _ a: Tape.Reference, _ place: Place?) {
    bring(a.value)
    fixSign(a.isNegated)
    states[a.value].uses -= 1
    if let place { emit(op, place) }
  }

  // MARK: Accumulator and memory

  /// Puts a value, or its negative, into the accumulator.
  private mutating func bring(_ value: Int) {
    if accumulator == value { return }
    saveAccumulator()
    let (place, form) = location(value)
    emit(FORMULA_LOAD, form, place)
    accumulator = value
    isAccumulatorNegated = states[value].isStoredNegated
  }

  private mutating func fixSign(_ isNegated: Bool) {
    guard isAccumulatorNegated != isNegated else { return }
    emit(FORMULA_NEG)
    isAccumulatorNegated = isNegated
  }

  /// Stores the accumulator if it is still read and lies nowhere else.
  mutating func saveAccumulator() {
    guard accumulator >= 0, states[accumulator].uses > 0, states[accumulator].place == nil else { return }
    if isLeaf(accumulator) { return }
    let place = newPlace(for: accumulator)
    emit(FORMULA_STORE, place)
    states[accumulator].place = place
    states[accumulator].isStoredNegated = isAccumulatorNegated
  }

  /// Counts down how often a value is read and gives its tile back after the last time.
  private mutating func release(_ value: Int, uses: Int32) {
    states[value].uses -= uses
    guard states[value].uses == 0, states[value].isTemporary, let place = states[value].place else { return }
    states[value].isTemporary = false
    freeTiles.append(place.index)
  }

  /// Room for a value: one tile for rows, a tile for each class where a later stage reads it, else a tile used again.
  private mutating func newPlace(for value: Int?) -> Place {
    if let value, isInRows || tape.values[value].extent != .element {
      fixedCount += 1
      return Place(.fixed, fixedCount - 1)
    }
    if let value, states[value].lastStage > currentStage {
      keptCount += 1
      return Place(.kept, keptCount - 1)
    }
    if let value { states[value].isTemporary = true }
    if let free = freeTiles.popLast() { return Place(.fixed, free) }
    fixedCount += 1
    return Place(.fixed, fixedCount - 1)
  }

  /// Where a value lies, and which form of an operation reads it.
  private mutating func location(_ value: Int) -> (Place, formula_form) {
    let place = states[value].place ?? leafPlace(value)
    states[value].place = place
    if place.part == .constant { return (place, FORMULA_SPLAT) }
    let isElement = tape.values[value].extent == .element
    return (place, isElement || isInRows ? FORMULA_TILE : FORMULA_ROW)
  }

  /// Where a value lies with its sign as referred to; the number of a copy if one had to be made.
  private mutating func exactLocation(_ a: Tape.Reference) -> (Place, formula_form, copy: Int32?) {
    if states[a.value].place != nil || isLeaf(a.value), states[a.value].isStoredNegated == a.isNegated {
      let (place, form) = location(a.value)
      return (place, form, nil)
    }
    bring(a.value)
    fixSign(a.isNegated)
    if states[a.value].place == nil {
      saveAccumulator()
      let (place, form) = location(a.value)
      return (place, form, nil)
    }
    let place = newPlace(for: nil)
    emit(FORMULA_STORE, place)
    return (place, FORMULA_TILE, place.index)
  }

  // MARK: Leaves

  private func isLeaf(_ value: Int) -> Bool {
    switch tape.values[value].operation {
    case .constant, .input, .upstream: true
    case .batchSum: isFinished(value)
    case .add, .mul, .div, .keepUnclamped, .keepPositive, .expShifted, .square, .abs, .sign, .sqrt, .relu, .exp, .log,
      .sig, .tanh,
      .erf, .atan, .gauss, .sin, .cos, .softplus, .softplusSlope, .rowSum, .rowMax:
      false
    }
  }

  /// Whether a value is one vector for everything.
  private func isSplat(_ value: Int) -> Bool { isLeaf(value) && tape.values[value].extent == .one }

  private mutating func leafPlace(_ index: Int) -> Place {
    let value = tape.values[index]
    if value.operation == .batchSum { return constantPlace(.sum(index)) }
    if value.operation == .constant {
      return constantPlace(.number(Float(bitPattern: UInt32(bitPattern: value.first))))
    }
    if value.operation == .upstream, value.extent == .one { return constantPlace(.upstream) }
    let input = value.operation == .upstream ? .upstream : ProgramInput.variable(Self.variables[Int(value.first)])
    if value.extent == .row, isByRows {
      rowInputs.append(input)
      return Place(.rowInput, Int32(rowInputs.count - 1))
    }
    inputs.append(input)
    return Place(.input, Int32(inputs.count - 1))
  }

  private static let variables = Variable.allCases

  mutating func constantPlace(_ constant: ProgramConstant) -> Place {
    if let index = constants.firstIndex(of: constant) { return Place(.constant, Int32(index)) }
    constants.append(constant)
    return Place(.constant, Int32(constants.count - 1))
  }

  // MARK: Results

  /// Stores a value that is also a result at once, while it is in the accumulator.
  mutating func storeIfOutput(_ value: Int) {
    for number in outputs.indices where outputs[number].reference.value == value && !isStored[number] {
      guard accumulator == value, (outputs[number].extent == .element) != isInRows,
        outputStage(outputs[number]) == currentStage
      else { continue }
      store(number)
    }
  }

  /// Stores a result; the value is computed.
  mutating func store(_ number: Int) {
    let output = outputs[number]
    let value = output.reference.value
    isStored[number] = true
    bring(value)
    fixSign(output.reference.isNegated)
    let isElement = output.extent == .element
    let before = outputs[..<number].count { ($0.extent == .element) == isElement }
    let place = Place(isElement ? .output : .rowOutput, Int32(before))
    emit(FORMULA_STORE, place)
    if states[value].place == nil, !isLeaf(value), (tape.values[value].extent == .element) == isElement {
      states[value].place = place
      states[value].isStoredNegated = isAccumulatorNegated
    }
    release(value, uses: 1)
  }

  // MARK: Writing

  mutating func emit(_ op: formula_op) { emit(op, FORMULA_TILE, Place(.constant, 0)) }

  mutating func emit(_ op: formula_op, _ place: Place) { emit(op, FORMULA_TILE, place) }

  /// Every use of a plain operation takes another of its copies.
  mutating func emit(_ op: formula_op, _ form: formula_form, _ place: Place) {
    let plain = op.rawValue + form.rawValue
    var copy: UInt32 = 0
    switch op {
    case FORMULA_LOAD, FORMULA_ADD, FORMULA_SUB, FORMULA_SUB_FROM, FORMULA_MUL, FORMULA_DIV, FORMULA_DIV_FROM,
      FORMULA_STORE, FORMULA_NEG:
      copy = copies[Int(plain)]
      copies[Int(plain)] = (copy + 1) % UInt32(FORMULA_COPIES)
    default: break
    }
    code.append(
      formula_instruction(op: plain + copy * UInt32(FORMULA_OPS), place: UInt32(place.bits)))
  }
}
