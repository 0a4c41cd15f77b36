import Formulas
import Foundation
import Losses
import Serving

/// Holds what a contestant computes against the reference evaluator in Double.
enum Agreement {
  /// Rows that are compared; the rest of a large batch goes the same way through the same loops.
  private static let rowLimit = 4096

  /// - Throws: `BenchmarkError` naming the first entry that is off, so that nobody times wrong answers.
  static func check(_ contestant: Contestant, in arena: FormulaArena) throws {
    let set = arena.sets[0]
    let rows = min(rowLimit, arena.elements / arena.classes)
    let count = rows * arena.classes
    var inputs = LossInputs<Double>(rows: rows, classes: arena.classes)
    for variable in arena.loss.mode.variables {
      inputs[variable] = set.numbers(of: variable).prefix(count).map(Double.init)
    }
    let expected = try ReferenceEvaluator(arena.formula, mode: arena.loss.mode).evaluate(inputs)
    arena.run(contestant, set: 0)
    let scales = gradientScales(expected, count: count)
    func compare(_ what: String, _ found: UnsafeMutablePointer<Float>?, _ wanted: [Double], _ scale: (Int) -> Double)
      throws
    {
      guard let found else { return }
      for index in 0..<count {
        let allowed = 1e-5 * abs(wanted[index]) + scale(index) + cancellation(set, index)
        guard abs(Double(found[index]) - wanted[index]) <= allowed else {
          throw BenchmarkError(
            "\(arena.loss.rawValue), \(arena.elements) elements, \(contestant.rawValue): \(what) of element \(index) is "
              + "\(found[index]), the reference says \(wanted[index])")
        }
      }
    }
    try compare("the value", set.value, expected.value) { _ in 1e-6 }
    guard contestant.hasGradient else { return }
    for variable in arena.loss.mode.differentiableVariables {
      try compare("the gradient by \(variable.rawValue)", set.gradients[variable], expected.gradients[variable] ?? []) {
        2e-6 * scales[$0]
      }
    }
  }

  /// The largest gradient of each element: terms of that size cancel in the others.
  private static func gradientScales(_ result: LossResult<Double>, count: Int) -> [Double] {
    (0..<count).map { index in result.gradients.values.reduce(0) { max($0, abs($1[index])) } }
  }

  /// What the rounding of 1 − Sig(X) in Float does to its logarithm; the formula is written that way.
  private static func cancellation(_ set: BufferSet, _ index: Int) -> Double {
    guard let logits = set.inputs[.x] else { return 0 }
    return 2.4e-7 * (1 + exp(Double(logits[index])))
  }
}
