import Formulas
import Losses

/// The inputs of a probe batch in Float, where a compiled program reads them; freed with the object.
final class FloatProbes: @unchecked Sendable {  // written by `init` alone
  let inputs: InputPointers
  private let owned: [FloatBuffer]

  init(_ values: [(variable: Variable, values: [Double])]) {
    var inputs = InputPointers()
    var owned: [FloatBuffer] = []
    for input in values {
      let buffer = FloatBuffer(input.values.map { Float($0) })
      owned.append(buffer)
      inputs[input.variable] = UnsafePointer(buffer.start)
    }
    (self.inputs, self.owned) = (inputs, owned)
  }
}

/// Room for the value and the gradients of a batch in Float; kept between formulas by one thread.
final class FloatResults {
  private let value: FloatBuffer
  /// By place in the mode's differentiable variables.
  private let gradients: [FloatBuffer]

  /// Room for any of the batches, whatever the mode.
  init(for batches: [ProbeBatch]) {
    let entries = batches.reduce(1) { max($0, $1.rows * $1.classes) }
    let variables = Mode.allCases.reduce(1) { max($0, $1.differentiableVariables.count) }
    value = FloatBuffer(count: entries)
    gradients = (0..<variables).map { _ in FloatBuffer(count: entries) }
  }

  /// Evaluates a program, whose room this is, on a batch of its mode.
  func fill(_ program: Program, _ batch: ProbeBatch) {
    var places = GradientPointers()
    for (place, variable) in program.mode.differentiableVariables.enumerated() {
      places[variable] = gradients[place].start
    }
    program.evaluate(
      inputs: batch.floatProbes.inputs, rows: batch.rows, classes: batch.classes, value: value.start, gradients: places)
  }

  /// The value of the batch that was evaluated last.
  func value(of program: Program, _ batch: ProbeBatch) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: value.start, count: program.valueCount(rows: batch.rows, classes: batch.classes))
  }

  /// The gradients of the batch that was evaluated last, of variables that occur.
  func gradients(of program: Program, _ batch: ProbeBatch) -> [UnsafeBufferPointer<Float>] {
    program.mode.differentiableVariables.enumerated().compactMap { place, variable in
      guard program.depends(on: variable) else { return nil }
      return UnsafeBufferPointer(start: gradients[place].start, count: batch.rows * batch.classes)
    }
  }
}

extension UnsafeBufferPointer<Float> {
  /// The first entry that is not finite; nil when there is none.
  var firstNonFinite: Int? {
    // The exponent of what is not finite is all ones; without a branch the loop is one of vectors.
    var found: UInt32 = 0
    for number in self { found |= (number.bitPattern & 0x7f80_0000) &+ 0x0080_0000 }
    guard found & 0x8000_0000 != 0 else { return nil }
    return firstIndex { !$0.isFinite }
  }
}
