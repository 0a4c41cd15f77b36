import GoldenData
import Losses
import Randomness
import Surrogates
import Testing

/// Curves: the original's numbers, the constraints, Double beside Float.
@Suite struct SurrogateCurveTests {
  @Test func curvesAreTheOriginals() throws {
    let rows = try GoldenFile("asl.jsonl").rows().filter { $0["kind"].string == "bezier" }
    #expect(rows.count == 22)
    for row in rows {
      let name = row["name"].string ?? ""
      let points = try #require(row["theta"].array).map { Double(Float($0.double ?? .nan)) }
      let curve = SurrogateCurve(points: points)
      let x = try #require(row["x"].array).map { Double(Float($0.double ?? .nan)) }
      let floats = curve.evaluate(x.map { Float($0) })
      for index in x.indices {
        let y = try #require(row["y64"][index].double)
        let slope = try #require(row["dydx64"][index].double)
        let found = curve.evaluate(x[index])
        // The original cancels near a = 1/2, in Double too.
        #expect(abs(found.value - y) <= 1e-7, "\(name) at \(x[index]): \(found.value) and \(y)")
        #expect(
          abs(Double(floats.values[index]) - y) <= 2e-6, "\(name) at \(x[index]): \(floats.values[index]) and \(y)")
        if slope.isInfinite {
          // Where the original divides by 0, ours is steep and finite.
          #expect(found.slope > 1e3 && found.slope.isFinite && floats.slopes[index].isFinite, "\(name) at \(x[index])")
          continue
        }
        #expect(
          abs(found.slope - slope) <= 1e-6 * max(1, abs(slope)), "\(name) at \(x[index]): \(found.slope), \(slope)")
        let tolerance = 1e-5 * max(1, abs(slope))
        #expect(
          abs(Double(floats.slopes[index]) - slope) <= tolerance,
          "\(name) at \(x[index]): \(floats.slopes[index]), \(slope)")
      }
    }
  }

  /// Drawn points, also equal ones, give curves that run from 0 to 1 and never fall; so do the kernels' in Float.
  @Test(arguments: UInt64(0)..<40) func curvesKeepTheConstraints(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "curves")
    for metric in SegmentationMetric.allCases {
      let parameters = try SurrogateParameters.random(metric, &generator, edges: true)
      for curve in parameters.surrogateCurves {
        let x = (0...400).map { Double($0) / 400 } + [1e-30, 1e-12, 1e-7, 0.5, 1 - 1e-7].sorted()
        let sorted = x.sorted()
        let found = sorted.map { curve.evaluate($0) }
        #expect(found.first?.value == 0 && found.last?.value == 1, "seed \(seed): \(parameters)")
        for (left, right) in zip(found, found.dropFirst()) {
          #expect(right.value >= left.value - 1e-12, "seed \(seed): \(parameters)")
        }
        #expect(found.allSatisfy { $0.slope >= 0 && $0.slope.isFinite }, "seed \(seed): \(parameters)")
        for level in InstructionSet.available {
          let (values, slopes) = curve.evaluate(sorted.map { Float($0) }, instructions: level)
          #expect(values.first == 0 && values.last == 1)
          #expect(slopes.allSatisfy { $0 >= 0 && $0.isFinite }, "seed \(seed): \(parameters)")
          for (left, right) in zip(values, values.dropFirst()) {
            #expect(right >= left - 2e-7, "seed \(seed) \(level): \(parameters)")
          }
          for (index, value) in values.enumerated() {
            // Near a vertical tangent, rounding x costs the value the square root of a unit.
            let place = Double(Float(sorted[index]))
            let (below, above) = (curve.evaluate(place - 1e-7).value, curve.evaluate(place + 1e-7).value)
            #expect(
              Double(value) >= below - 1e-6 && Double(value) <= above + 1e-6,
              "seed \(seed) \(level): \(parameters) at \(place)")
          }
        }
      }
    }
  }

  @Test func equalPointsAreSteps() {
    let step = SurrogateCurve(points: [0.5, 0.2, 0.5, 0.2, 0.5, 0.9], parameterization: .piecewiseLinear)
    #expect(step.pieces.count == 2)
    #expect(abs(step.evaluate(0.25).value - 0.1) < 1e-12 && abs(step.evaluate(0.75).value - 0.95) < 1e-12)
    for corner in [[0.0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0]] {
      let curve = SurrogateCurve(points: corner)
      #expect(curve.pieces.count == 1 && curve.evaluate(0).value == 0 && curve.evaluate(1).value == 1)
      #expect(curve.evaluate(0.5).value.isFinite && curve.evaluate(0.5).slope.isFinite)
    }
  }

  @Test func aStraightCurveIsTheIdentity() {
    for form in SurrogateParameterization.allCases {
      let curve = SurrogateCurve(points: [0.25, 0.25, 0.5, 0.5, 0.75, 0.75], parameterization: form)
      for x in stride(from: 0.0, through: 1, by: 0.125) {
        let (value, slope) = curve.evaluate(x)
        #expect(abs(value - x) < 1e-12 && abs(slope - 1) < 1e-12, "\(form) at \(x)")
      }
    }
  }
}
