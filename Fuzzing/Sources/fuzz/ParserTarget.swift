import Formulas
import Losses

/// Reading, printing and the canonical form agree with one another.
enum ParserTarget {
  private static let longest = 150

  /// Bits 3 and 4 of the first byte choose what is looked at; a run of all would make a third as many inputs.
  static func run(_ bytes: UnsafeRawBufferPointer) {
    var choices = Choices(bytes)
    let code = bytes.first ?? 0
    guard let fuzzed = FuzzedFormula(&choices) else { return }
    let (formula, mode) = (fuzzed.formula, fuzzed.mode)
    // Large trees take most of the time and show nothing that small ones do not.
    guard formula.treeSize <= longest else { return comesBack(formula, mode) }
    switch code >> 3 & 3 {
    case 0: comesBack(formula, mode)
    case 1: comesBack(formula.canonical(in: mode), mode)
    case 2: keepsItsValue(formula, formula.canonical(in: mode), mode)
    case _: isItsOwn(formula.canonical(in: mode), formula, mode)
    }
  }

  /// Remembers parts of earlier inputs, as a search does; the fuzzer has one thread.
  nonisolated(unsafe) private static let canonicalizer = Canonicalizer()

  private static func isItsOwn(_ canonical: Formula, _ formula: Formula, _ mode: Mode) {
    demand(canonical.canonical(in: mode) == canonical, "the canonical form of \(formula) is its own: \(canonical)")
    let remembered = canonicalizer.canonicalForm(formula, in: mode).formula
    demand(remembered == canonical, "\(mode) \(formula) is remembered as \(remembered), not \(canonical)")
    let shapes = unwrap("\(formula) and \(canonical) have shapes") {
      () throws(FormulaError) in
      [try formula.nodeShapes(in: mode)[formula.root], try canonical.nodeShapes(in: mode)[canonical.root]]
    }
    // One number has one shape, of rank 0 or not; 0 times a sum over the batch is 0.
    let sizes = shapes.map { NodeShape($0.value).shape }
    demand(sizes[0] == sizes[1], "\(formula) and \(canonical) have one shape, not \(shapes)")
    demand(shapes[0].couplesSamples || !shapes[1].couplesSamples, "\(canonical) couples samples, \(formula) does not")
  }

  /// Printed and read again it is the same formula.
  private static func comesBack(_ formula: Formula, _ mode: Mode) {
    // Graphs of choices can be deeper and longer than texts may be.
    let text = formula.description
    guard formula.depth < Formula.maximumDepth, text.utf8.count <= Formula.maximumTextLength else { return }
    let again = unwrap("\(text) reads back") { () throws(FormulaError) in try Formula(parsing: text, mode: mode) }
    demand(again == formula, "\(text) reads back as itself, not \(again)")
    demand(Formula(text) == formula, "\(text) reads back by grammar alone")
  }

  /// The canonical form has the value of the formula, as far as rounding leaves one.
  private static func keepsItsValue(_ formula: Formula, _ canonical: Formula, _ mode: Mode) {
    guard canonical != formula, formula.nodeCount <= 200, canonical.nodeCount <= 400 else { return }
    let inputs = SmallInputs.of(mode)
    let before = Disturbance.values(of: formula, mode, inputs)
    let after = Disturbance.values(of: canonical, mode, inputs)
    demand(before[0].count == after[0].count, "\(formula) and \(canonical) have as many values")
    for entry in before[0].indices {
      let all = (before + after).map { $0[entry] }
      guard all.allSatisfy(\.isFinite) else { continue }
      let (first, second) = (before[0][entry], after[0][entry])
      let spread = (before.map { abs($0[entry] - first) } + after.map { abs($0[entry] - second) }).max() ?? 0
      demand(
        abs(first - second) <= 1e3 * spread + 1e-9 * (1 + abs(first)),
        "\(mode) \(formula) -> \(canonical): value \(entry) is \(second), not \(first)")
    }
  }
}

/// Evaluations whose every operation is moved by some 1e-10, to see how much rounding a value bears.
private enum Disturbance {
  /// The plain values, then those of three disturbed runs; where numbers leave 1e±60 they are nan.
  static func values(of formula: Formula, _ mode: Mode, _ inputs: LossInputs<Double>) -> [[Double]] {
    unwrap("\(formula) has a value") { () throws(any Error) in
      try [ReferenceEvaluator(formula, mode: mode).value(inputs)]
        + (0..<3).map { try ReferenceEvaluator(formula, mode: mode, rounding: disturbance($0)).value(inputs) }
    }
  }

  /// Equal numbers are moved by different amounts, so that what a number swallows in a whole row shows.
  private static func disturbance(_ salt: UInt64) -> @Sendable (Double) -> Double {
    operations = 0
    return { value in
      guard value == 0 || (abs(value) > 1e-60 && abs(value) < 1e60) else { return .nan }
      operations &+= 1
      let bits = (value.bitPattern &+ salt &+ operations << 2) &* 0x9e37_79b9_7f4a_7c15
      return value * (1 + (Double(bits >> 32) * 0x1p-31 - 1) * 1e-10)
    }
  }

  /// How many numbers of an evaluation were moved; the fuzzer has one thread.
  nonisolated(unsafe) private static var operations: UInt64 = 0
}

/// Two rows as the loss wrappers make them: one-hot labels, IoUs, areas of valid boxes.
private enum SmallInputs {
  static func of(_ mode: Mode) -> LossInputs<Double> {
    var inputs = LossInputs<Double>(rows: 2, classes: mode == .regression ? 1 : 3)
    switch mode {
    case .multiClass, .binaryClass:
      inputs[.x] = [0.31, -1.7, 2.2, -0.43, 1.1, 0.59]
      inputs[.y] = [0, 1, 0, 0, 0, 1]
      inputs[.z] = [0.7, 0.7, 0.7, 1, 1, 1]
      inputs[.q] = [0, 0.7, 0, 0, 0, 0.37]
      inputs[.py] = [0, 1, 0, 0, 0, 1]
      inputs[.ny] = [1, 0, 1, 1, 1, 0]
    case .regression:
      inputs[.u] = [43.7, 1300.3]
      inputs[.i] = [12.1, 0]
      inputs[.e] = [61.9, 2900.7]
    }
    return inputs
  }
}
