import Formulas
import Losses
import Testing

/// A formula beside a rewritten one: value and gradient must agree up to what rounding can do.
struct CanonicalAgreement {
  private let mode: Mode
  private let label: String
  private let before: ReferenceEvaluator
  private let after: ReferenceEvaluator
  /// The formula three times, then the rewritten one three times, with every operation off by about one part in 1e13.
  private let disturbed: [ReferenceEvaluator]
  private let inputs: [LossInputs<Double>]

  init(_ formula: Formula, _ other: Formula, _ mode: Mode, seed: UInt64) throws {
    self.mode = mode
    label = "seed \(seed) \(mode) \(formula) -> \(other)"
    before = try ReferenceEvaluator(formula, mode: mode)
    after = try ReferenceEvaluator(other, mode: mode)
    disturbed = try [formula, other].flatMap { formula in
      try (UInt64(0)..<3).map { try ReferenceEvaluator(formula, mode: mode, rounding: Self.disturbance($0)) }
    }
    var random = RandomFormulas(seed: seed)
    inputs = [random.inputs(mode, rows: 5, classes: 3), Self.edges(mode)]
  }

  /// Compares every number; returns how many were finite and well enough conditioned to be compared.
  func expectSame() throws -> Int {
    var compared = 0
    for input in inputs {
      let results = try ([before, after] + disturbed).map { try numbers($0, input) }
      compared += compare(results[0], results[1], near: (Array(results[2..<5]), Array(results[5...])))
    }
    return compared
  }

  /// Each number is uncertain by what rounding every operation to 13 digits changes in it; the evaluators round to 16, so
  /// that this covers a sum of hundreds of roundings. A number with fewer than 6 digits left, or one that rounding makes
  /// finite or not, is not compared. Non-finite numbers must stay so.
  private func compare(_ before: [Double], _ after: [Double], near: (before: [[Double]], after: [[Double]])) -> Int {
    var compared = 0
    for k in before.indices {
      guard near.before.allSatisfy({ $0[k].isFinite == before[k].isFinite }),
        near.after.allSatisfy({ $0[k].isFinite == after[k].isFinite })
      else { continue }
      guard before[k].isFinite, after[k].isFinite else {
        #expect(before[k].isFinite == after[k].isFinite, "\(label)[\(k)]: \(after[k]) instead of \(before[k])")
        continue
      }
      let changes = (Self.change(before[k], near.before, k), Self.change(after[k], near.after, k))
      let change = max(changes.0, changes.1)
      guard change <= 1e-6 * (1e-3 + abs(before[k])), abs(before[k]) < 1e100 else { continue }
      let limit = 4 * change + 1e-15
      #expect(abs(before[k] - after[k]) <= limit, "\(label)[\(k)]: \(after[k]) instead of \(before[k])")
      compared += 1
    }
    return compared
  }

  private static func change(_ number: Double, _ near: [[Double]], _ place: Int) -> Double {
    near.reduce(0) { max($0, abs($1[place] - number)) }
  }

  /// The value, then the gradients; nan for all gradients where a value is not finite.
  private func numbers(_ evaluator: ReferenceEvaluator, _ input: LossInputs<Double>) throws -> [Double] {
    let result = try evaluator.evaluate(input)
    let count = input.rows * input.classes
    let isFinite = result.value.allSatisfy(\.isFinite)
    return result.value
      + mode.differentiableVariables.flatMap { variable in
        isFinite
          ? result.gradients[variable] ?? [Double](repeating: 0, count: count) : [Double](repeating: .nan, count: count)
      }
  }

  private static func disturbance(_ salt: UInt64) -> @Sendable (Double) -> Double {
    { value in
      let bits = (value.bitPattern &+ salt) &* 0x9e37_79b9_7f4a_7c15
      return value * (1 + (bits >> 63 == 0 ? 1e-13 : -1e-13))
    }
  }

  /// Inputs at the edges of what the wrappers make: equal, zero and large logits, boxes apart and alike.
  private static func edges(_ mode: Mode) -> LossInputs<Double> {
    var inputs = LossInputs<Double>(rows: 4, classes: mode == .regression ? 1 : 3)
    switch mode {
    case .multiClass, .binaryClass:
      inputs[.x] = [0, 0, 0, -30, 2, 30, 17, -1, 1, 0, -90, 90]
      inputs[.y] = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1]
      inputs[.z] = [1, 1, 1, 0.001, 0.001, 0.001, 1, 1, 1, 1, 1, 1]
      inputs[.q] = [1, 0, 0, 0, 0.001, 0, 0, 0, 0, 0, 0, 1]
      inputs[.py] = inputs[.y]
      inputs[.ny] = inputs[.y]?.map { 1 - $0 }
    case .regression:
      // Apart, touching far away, equal, and a predicted box of no area.
      inputs[.u] = [200, 2e6, 64 + 1e-7, 1 + 1e-7]
      inputs[.i] = [0, 0, 64, 0]
      inputs[.e] = [400, 4e6, 64 + 1e-7, 1 + 1e-7]
    }
    return inputs
  }
}
