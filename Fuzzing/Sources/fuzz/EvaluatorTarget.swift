import Formulas
import Losses

/// The compiled program of every instruction set agrees with the reference evaluator and traps on nothing.
enum EvaluatorTarget {
  /// Values and entries of a formula in one evaluation; larger batches are cut.
  private static let work = 6000

  static func run(_ bytes: UnsafeRawBufferPointer) {
    var choices = Choices(bytes)
    let mode = choices.element(of: Mode.allCases)
    let wanted = InputDecoder.inputs(of: mode, from: &choices)
    let formula = withFloats(FormulaDecoder.formula(of: mode, from: &choices))
    let inputs = cut(wanted, for: formula, mode)
    let reference = Reference(formula, mode, inputs.converted(to: Double.self))
    for set in InstructionSet.available {
      let label = "\(mode) \(formula) on \(set), \(inputs.rows)x\(inputs.classes)"
      let program = unwrap(label) { () throws(FormulaError) in
        try Program(formula, mode: mode, instructionSet: set)
      }
      let result = unwrap(label) { () throws(LossInputError) in try program.evaluate(inputs) }
      reference.compare(result, label)
      // The workspace of a larger batch serves a smaller one, and gives what a fresh one gives.
      let fewer = first(inputs.rows / 2, of: inputs, mode)
      let again = unwrap(label) { () throws(LossInputError) in try program.evaluate(fewer) }
      if !program.couplesSamples { isStart(again, of: result, label) }
    }
  }

  /// The formula with its numbers rounded to Float, as the program holds them.
  private static func withFloats(_ formula: Formula) -> Formula {
    var builder = FormulaBuilder()
    var places: [Int] = []
    for node in formula.nodes {
      if case .constant(let value) = node, Float(value).isFinite {
        places.append(builder.constant(Double(Float(value))))
      } else {
        places.append(builder.insert(node.mapChildren { places[$0] }))
      }
    }
    return builder.build(root: places[formula.root])
  }

  private static func cut(_ inputs: LossInputs<Float>, for formula: Formula, _ mode: Mode) -> LossInputs<Float> {
    first(min(inputs.rows, max(1, work / formula.nodeCount / inputs.classes)), of: inputs, mode)
  }

  private static func first(_ rows: Int, of inputs: LossInputs<Float>, _ mode: Mode) -> LossInputs<Float> {
    var fewer = LossInputs<Float>(rows: rows, classes: inputs.classes)
    for variable in mode.variables {
      fewer[variable] = inputs[variable].map { Array($0.prefix(rows * inputs.classes)) }
    }
    return fewer
  }

  /// Rows do not depend on what else is in the batch.
  private static func isStart(_ fewer: LossResult<Float>, of all: LossResult<Float>, _ label: String) {
    demand(isStart(fewer.value, of: all.value), "\(label): the value of the first rows alone")
    for (variable, gradient) in fewer.gradients {
      // Where the value is one number for all, nothing depends on a variable and there is no gradient.
      demand(isStart(gradient, of: all.gradients[variable] ?? []), "\(label): the gradient of the first rows alone")
    }
  }

  private static func isStart(_ fewer: [Float], of all: [Float]) -> Bool {
    fewer.count <= all.count
      && zip(fewer, all).allSatisfy { a, b in
        a == b || (!a.isFinite && !b.isFinite) || abs(a - b) <= 1e-4 * (abs(a) + abs(b)) + 1e-30
      }
  }
}

/// What the reference evaluator gives, plain and with every operation rounded to Float, unmoved or moved by a last place.
private struct Reference {
  /// Whether no number cancels against eps or leaves Float, nor its square where Salf takes that.
  private let isComparable: Bool
  private let plain: LossResult<Double>
  private let near: [LossResult<Double>]

  init(_ formula: Formula, _ mode: Mode, _ inputs: LossInputs<Double>) {
    isComparable = Self.isHeldByFloat(formula, inputs)
    plain = unwrap("\(formula) has a value") { () throws(any Error) in
      try ReferenceEvaluator(formula, mode: mode).evaluate(inputs)
    }
    let lost = Self.digitsLost(in: formula)
    Self.largest = 0
    Self.hasLeft = false
    near = (0..<3).map { salt in
      unwrap("\(formula) has a value near by") { () throws(any Error) in
        try ReferenceEvaluator(formula, mode: mode, rounding: Self.disturbance(UInt64(salt), absolute: lost)).evaluate(
          inputs)
      }
    }
    onTheWay = Self.largest
    hasComparableSlopes = !(Self.hasLeft && formula.nodes.contains(where: Self.cuts))
  }

  /// Whether a node makes a slope out of what is no number: which side of a kink it is on is not known then.
  private static func cuts(_ node: Node) -> Bool {
    switch node {
    case .unary(.abs, _), .unary(.relu, _), .unary(.exp, _), .unary(.softplus, _): true
    case .variable, .constant, .unary, .binary: false
    }
  }

  private static func isHeldByFloat(_ formula: Formula, _ inputs: LossInputs<Double>) -> Bool {
    let hasSquare = formula.nodes.contains { if case .unary(.salf, _) = $0 { true } else { false } }
    let constants = formula.nodes.compactMap { if case .constant(let value) = $0 { value } else { Double?.none } }
    let numbers = (constants + formula.variables.compactMap { inputs[$0] }.joined()).filter(\.isFinite).map(abs)
    return numbers.allSatisfy { $0 == 0 || ($0 > 1e-15 && $0 < (hasSquare ? 1e15 : 1e38)) }
  }

  /// What an operation can lose beside a last place of its result: the S-curves are (1 + f(x)) / 2 by definition and lose a
  /// last place of 1, the sums of Dot some last places of their terms, which are below 16 each where they are tame.
  private static func digitsLost(in formula: Formula) -> Double {
    formula.nodes.reduce(0) { lost, node in
      switch node {
      case .unary(.serf, _), .unary(.sgdf, _), .unary(.salf, _): max(lost, 0x1p-23)
      case .binary(.dot, _, _): 0x1p-15
      case .variable, .constant, .unary, .binary: lost
      }
    }
  }

  /// The largest number on the way: what cancels from it loses its last places. The fuzzer has one thread.
  nonisolated(unsafe) private static var largest = 0.0

  /// Whether some number became nan below.
  nonisolated(unsafe) private static var hasLeft = false

  /// Numbers that Float cannot hold well become nan, which excludes what is computed from them.
  private static func disturbance(_ salt: UInt64, absolute: Double) -> @Sendable (Double) -> Double {
    { value in
      guard value == 0 || (abs(value) > 1e-15 && abs(value) < 1e15) else {
        hasLeft = true
        return .nan
      }
      largest = max(largest, abs(value))
      let bits = (value.bitPattern &+ salt) &* 0x9e37_79b9_7f4a_7c15
      // Salt 0 rounds and moves nothing: what Float rounds to 1 is 1.
      let sign: Double = salt == 0 ? 0 : bits >> 63 == 0 ? 1 : -1
      return Double(Float(value)) * (1 + sign * 0x1p-23) + (abs(value) < 0.5 ? sign * absolute : 0)
    }
  }

  private let onTheWay: Double
  private let hasComparableSlopes: Bool

  func compare(_ actual: LossResult<Float>, _ label: String) {
    demand(actual.shape == plain.shape, "\(label): shape")
    compare(actual.value, plain.value, near.map(\.value), "\(label): value")
    demand(Set(actual.gradients.keys) == Set(plain.gradients.keys), "\(label): gradients of the same variables")
    guard hasComparableSlopes else { return }
    for (variable, gradient) in actual.gradients {
      compare(
        gradient, plain.gradients[variable] ?? [], near.map { $0.gradients[variable] ?? [] },
        "\(label): gradient \(variable)")
    }
  }

  /// The limits of `ProgramTests`.
  private func compare(_ actual: [Float], _ expected: [Double], _ near: [[Double]], _ label: String) {
    demand(actual.count == expected.count, "\(label) has \(actual.count) entries, not \(expected.count)")
    let largest = expected.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    guard isComparable, largest < 1e6 else { return }
    for k in expected.indices where expected[k].isFinite && near.allSatisfy({ $0[k].isFinite }) {
      let change = near.reduce(0) { max($0, abs($1[k] - expected[k])) }
      // Of a number that moves by half of itself, Float has no digit: it can be 0 there, and its reciprocal anything.
      guard change < 1e-3 * (1 + largest), change < 0.5 * abs(expected[k]) + 1e-6 * largest else { continue }
      let limit = 10 * change + 2e-6 * abs(expected[k]) + 1e-6 * largest + 1e-7 * onTheWay + 1e-9
      demand(
        abs(Double(actual[k]) - expected[k]) <= 10 * limit, "\(label)[\(k)]: \(actual[k]) instead of \(expected[k])")
    }
  }
}
