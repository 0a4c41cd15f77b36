import Formulas
import Losses
import Testing

/// The reference gradient is the slope of the reference value, away from kinks.
@Suite struct FiniteDifferenceTests {
  @Test func gradientsAreSlopes() throws {
    var compared = 0
    for mode in Mode.allCases {
      for seed in UInt64(0)..<600 {
        var random = RandomFormulas(seed: 1000 + seed)
        let formula = random.formula(mode, depth: 4)
        let inputs = random.inputs(mode, rows: mode == .regression ? 1 : 2, classes: 3, scale: 1)
        let evaluator = try ReferenceEvaluator(formula, mode: mode)
        let exact = try evaluator.evaluate(inputs)
        // Huge numbers on the way leave no digits for a difference.
        let tame = try ReferenceEvaluator(formula, mode: mode, rounding: { abs($0) < 1e4 ? $0 : .nan }).value(inputs)
        guard tame.allSatisfy(\.isFinite) else { continue }
        for (variable, gradient) in exact.gradients {
          for place in gradient.indices where gradient[place].isFinite {
            let slopes = try [2e-5, 1e-5].map { step in
              try slope(evaluator, inputs, variable, place, step)
            }
            // Two steps that disagree straddle a kink, or the function is too rough to tell.
            guard slopes.allSatisfy(\.isFinite), abs(slopes[0] - slopes[1]) < 1e-5 * (1 + abs(slopes[1])) else {
              continue
            }
            compared += 1
            #expect(
              abs(slopes[1] - gradient[place]) < 1e-4 * (1 + abs(slopes[1]))
                || straddles(evaluator, inputs, variable, place),
              "seed \(1000 + seed) \(mode) \(formula) \(variable)[\(place)]: \(gradient[place]), slope \(slopes[1])")
          }
        }
      }
    }
    #expect(compared > 2000)
  }

  /// The central difference of the summed value.
  private func slope(
    _ evaluator: ReferenceEvaluator, _ inputs: LossInputs<Double>, _ variable: Variable, _ place: Int, _ step: Double
  ) throws -> Double {
    func sum(_ shift: Double) throws -> Double {
      var moved = inputs
      moved[variable]?[place] += shift
      return try evaluator.value(moved).reduce(0, +)
    }
    return try (sum(step) - sum(-step)) / (2 * step)
  }

  /// Whether the slopes to the left and right differ: a kink exactly at the place.
  private func straddles(
    _ evaluator: ReferenceEvaluator, _ inputs: LossInputs<Double>, _ variable: Variable, _ place: Int
  ) -> Bool {
    func sum(_ shift: Double) -> Double {
      var moved = inputs
      moved[variable]?[place] += shift
      return ((try? evaluator.value(moved)) ?? []).reduce(0, +)
    }
    let (left, right) = ((sum(0) - sum(-1e-5)) / 1e-5, (sum(1e-5) - sum(0)) / 1e-5)
    return abs(left - right) > 1e-3 * (1 + abs(left))
  }
}
