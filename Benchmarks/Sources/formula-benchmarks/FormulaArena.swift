import CFused
import Formulas
import Foundation
import Losses
import Serving

/// One loss at one size: its inputs, the compiled program and the loop by hand.
///
/// The inputs are there three times and taken in turn, so that at a million elements nothing of the last run is left in
/// a cache of usual size.
final class FormulaArena {
  let loss: LossCase
  let elements: Int
  let classes: Int
  let sets: [BufferSet]
  let formula: Formula
  private let program: Program
  private let level: Int32

  /// - Parameters:
  ///   - instructionSet: for the compiled program.
  ///   - level: for the loop by hand; the best of the processor unless given.
  init(
    _ loss: LossCase, elements: Int, instructionSet: InstructionSet = .best, level: Int32 = fused_best_level()
  ) throws {
    (self.loss, self.elements, self.level) = (loss, elements, level)
    classes = loss.classes(elements: elements)
    guard elements > 0, elements % classes == 0 else {
      throw BenchmarkError("\(elements) elements are no whole rows of \(classes) classes")
    }
    formula = try Formula(parsing: loss.text, mode: loss.mode)
    program = try Program(formula, mode: loss.mode, instructionSet: instructionSet)
    sets = (0..<3).map { BufferSet(loss, elements: elements, index: $0) }
  }

  /// Evaluates one set.
  func run(_ contestant: Contestant, set number: Int) {
    let set = sets[number % sets.count]
    switch contestant {
    case .ours:
      program.evaluate(
        inputs: set.inputs, rows: elements / classes, classes: classes, value: set.value, gradients: set.gradients)
    case .oursValue:
      program.evaluate(inputs: set.inputs, rows: elements / classes, classes: classes, value: set.value)
    case .fused: runFused(set, streaming: 0)
    case .fusedStreaming: runFused(set, streaming: 1)
    }
  }

  private func runFused(_ set: BufferSet, streaming: Int32) {
    let (input, gradient) = (set.inputs, set.gradients)
    switch loss {
    case .classification:
      fused_classification(
        level, streaming, Int64(elements), input[.x], input[.q], input[.ny], set.value, gradient[.x])
    case .regression:
      fused_regression(
        level, streaming, Int64(elements), input[.u], input[.i], input[.e], set.value, gradient[.u], gradient[.i],
        gradient[.e])
    }
  }

  /// Times one contestant after one evaluation of every set that is not counted.
  func time(_ contestant: Contestant, count: Int) -> Timing {
    for set in sets.indices { run(contestant, set: set) }
    return Timing(count: count, batch: max(1, 300_000 / elements)) { run(contestant, set: $0) }
  }

  /// What the other programs read: the inputs of all sets.
  func writeInputs(to path: String) throws {
    try sets.reduce(into: Data()) { $0.append($1.inputBytes) }.write(to: URL(fileURLWithPath: path))
  }

  /// What the other programs are compared with: our value and gradients of the first set.
  func writeAnswers(to path: String) throws {
    run(.ours, set: 0)
    var bytes = Data(buffer: UnsafeBufferPointer(start: sets[0].value, count: elements))
    for variable in loss.mode.differentiableVariables {
      bytes.append(UnsafeBufferPointer(start: sets[0].gradients[variable], count: elements))
    }
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}
