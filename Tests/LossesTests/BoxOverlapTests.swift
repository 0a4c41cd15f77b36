import Formulas
import Losses
import Randomness
import Testing

/// Areas of box pairs, and their slopes with respect to the predicted corners.
@Suite struct BoxOverlapTests {
  /// Prediction, target, U − 1e-7, I, E − 1e-7.
  static let pairs: [([Double], [Double], Double, Double, Double)] = [
    ([0, 0, 2, 2], [1, 1, 3, 3], 7, 1, 9), ([0, 0, 2, 2], [0, 0, 2, 2], 4, 4, 4),
    ([0, 0, 1, 1], [3, 0, 4, 1], 2, 0, 4), ([0, 0, 1, 1], [1, 0, 2, 1], 2, 0, 2),
    ([0, 0, 4, 4], [1, 1, 2, 3], 16, 2, 16),
    // Inverted: its own area is negative, nothing else is.
    ([2, 0, 0, 2], [0, 0, 2, 2], 0, 0, 4),
  ]

  @Test(arguments: pairs) func areas(
    predicted: [Double], target: [Double], union: Double, intersection: Double, enclosing: Double
  ) {
    let overlap = BoxOverlap<Double>(predicted, target)
    #expect(abs(overlap.union - 1e-7 - union) < 1e-12)
    #expect(abs(overlap.intersection - intersection) < 1e-12)
    #expect(abs(overlap.enclosing - 1e-7 - enclosing) < 1e-12)
  }

  @Test func slopesAreThoseOfTheAreas() {
    var generator = SeededGenerator(seed: 4)
    for trial in 0..<500 {
      func box() -> [Double] {
        let (x, y) = (generator.uniform(0, 30), generator.uniform(0, 30))
        return [x, y, x + generator.uniform(1, 30), y + generator.uniform(1, 30)]
      }
      let (predicted, target) = (box(), box())
      let weights = BoxOverlap<Double>(
        union: generator.normal(), intersection: generator.normal(), enclosing: generator.normal())
      func weighted(_ corners: [Double]) -> Double {
        let o = BoxOverlap<Double>(corners, target)
        return weights.union * o.union + weights.intersection * o.intersection + weights.enclosing * o.enclosing
      }
      var gradient = [0.0, 0, 0, 0]
      weights.pullBack(predicted, target, to: &gradient)
      for corner in 0..<4 {
        var (up, down) = (predicted, predicted)
        up[corner] += 1e-5
        down[corner] -= 1e-5
        let slope = (weighted(up) - weighted(down)) / 2e-5
        #expect(abs(slope - gradient[corner]) < 1e-4, "trial \(trial) corner \(corner)")
      }
    }
  }

  @Test func tiesShareTheSlopeHalfAndHalf() {
    var gradient = [0.0, 0, 0, 0]
    let intersectionOnly = BoxOverlap<Double>(union: 0, intersection: 1, enclosing: 0)
    intersectionOnly.pullBack([0, 0, 2, 2], [0, 0, 2, 2], to: &gradient)
    #expect(gradient == [-1, -1, 1, 1])
    // Touching boxes have no intersection to lose.
    intersectionOnly.pullBack([0, 0, 1, 1], [1, 0, 2, 1], to: &gradient)
    #expect(gradient.allSatisfy { $0 == 0 })
  }

  static let overlaps: [([Float], [Float], Float)] = [
    ([0, 0, 2, 2], [1, 1, 3, 3], 1 / 7), ([0, 0, 1, 1], [3, 0, 4, 1], 1e-7), ([0, 0, 2, 2], [0, 0, 2, 2], 1),
    ([0, 0, 0, 0], [0, 0, 0, 0], 1e-7),
  ]

  @Test(arguments: overlaps) func intersectionOverUnion(predicted: [Float], target: [Float], expected: Float) {
    #expect(abs(BoxOverlap<Float>.intersectionOverUnion(predicted, target) - expected) <= 1e-7 * max(1, expected))
  }
}
