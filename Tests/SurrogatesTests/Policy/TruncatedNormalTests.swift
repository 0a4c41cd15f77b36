import Foundation
import GoldenData
import Randomness
import Surrogates
import Testing

/// Densities, their derivatives and samples of the truncated normal agree with the original, with differences and with
/// one another.
@Suite struct TruncatedNormalTests {
  @Test func theGoldenRowsAreReproduced() throws {
    let rows = try GoldenFile("asl.jsonl").rows().filter { $0["kind"].string == "truncated_normal" }
    #expect(rows.count == 4)
    for (index, row) in rows.enumerated() {
      let distributions = zip(row["mu"].floats, row["sigma"].floats).map {
        TruncatedNormal(mean: Double($0), deviation: Double($1))
      }
      try compareDensities(row, distributions, "row \(index)")
      try compareSamples(row, distributions, "row \(index)")
    }
  }

  private func compareDensities(_ row: GoldenValue, _ distributions: [TruncatedNormal], _ name: String) throws {
    let count = distributions.count
    let (points, expected) = (row["x"].floats.map(Double.init), row["log_prob64"].doubles)
    var (byMean, byDeviation) = (Array(repeating: 0.0, count: count), Array(repeating: 0.0, count: count))
    try #require(points.count == 5 * count && expected.count == points.count)
    for (place, x) in points.enumerated() {
      let distribution = distributions[place % count]
      let found = distribution.logDensity(x)
      // A relative tolerance for the tails of narrow distributions, whose densities go down to exp(-4000).
      let bound = 1e-9 * max(1, abs(expected[place]))
      #expect(found == expected[place] || abs(found - expected[place]) <= bound, "\(name), x \(x): \(found)")
      guard found.isFinite else { continue }
      byMean[place % count] += distribution.meanDerivative(x)
      byDeviation[place % count] += Self.deviationSlope(distribution, x)
    }
    for (found, key) in [(byMean, "dlogprob_dmu64"), (byDeviation, "dlogprob_dsigma64")] {
      for (index, (value, reference)) in zip(found, row[key].doubles).enumerated() {
        #expect(abs(value - reference) <= 1e-8 * max(1, abs(reference)), "\(name), \(key)[\(index)]: \(value)")
      }
    }
  }

  /// The derivative of the density's logarithm by the deviation, which nothing learns: by differences at three widths,
  /// extrapolated (Richardson).
  private static func deviationSlope(_ distribution: TruncatedNormal, _ x: Double) -> Double {
    func central(_ share: Double) -> Double {
      let step = share * distribution.deviation
      func density(_ change: Double) -> Double {
        TruncatedNormal(mean: distribution.mean, deviation: distribution.deviation + change).logDensity(x)
      }
      return (density(step) - density(-step)) / (2 * step)
    }
    let (wide, middle, narrow) = (central(4e-3), central(2e-3), central(1e-3))
    return (16 * (4 * narrow - middle) / 3 - (4 * middle - wide) / 3) / 15
  }

  private func compareSamples(_ row: GoldenValue, _ distributions: [TruncatedNormal], _ name: String) throws {
    let (uniforms, expected) = (row["uniform"].floats.map(Double.init), row["sample64"].doubles)
    try #require(uniforms.count == 6 * distributions.count && expected.count == uniforms.count)
    for (place, uniform) in uniforms.enumerated() {
      let found = distributions[place % distributions.count].sample(uniform)
      #expect(abs(found - expected[place]) <= 5e-6, "\(name), sample \(place): \(found), reference \(expected[place])")
    }
  }

  @Test func theDerivativeIsThatOfDifferences() {
    let seed: UInt64 = 11
    var generator = SeededGenerator(seed: seed)
    for trial in 0..<500 {
      let (mean, deviation) = (generator.uniform(), generator.uniform(0.02, 3))
      let (x, step) = (generator.uniform(), 1e-6)
      func density(_ change: Double) -> Double {
        TruncatedNormal(mean: mean + change, deviation: deviation).logDensity(x)
      }
      let found = TruncatedNormal(mean: mean, deviation: deviation).meanDerivative(x)
      let reference = (density(step) - density(-step)) / (2 * step)
      // A wide distribution is all but uniform: its derivatives are small differences of numbers near 1.
      #expect(
        abs(found - reference) <= 1e-4 * max(1, abs(reference)),
        "seed \(seed), trial \(trial): \(found), difference \(reference)")
    }
  }

  @Test(arguments: [(0.5, 0.2), (0.03, 0.2), (0.97, 0.05), (0.3, 4.0)])
  func theDensityIntegratesToOneAndSamplesFollowIt(mean: Double, deviation: Double) {
    let distribution = TruncatedNormal(mean: mean, deviation: deviation)
    let steps = 20_000
    var below = 0.0
    for step in 0..<steps {
      let x = (Double(step) + 0.5) / Double(steps)
      below += exp(distribution.logDensity(x)) / Double(steps)
      // The share of mass below a place, given as the uniform number, gives the place back.
      if step % 997 == 0, below > 1e-6, below < 1 - 1e-6 {
        let found = distribution.sample(below)
        let resolution = 1e-7 / exp(distribution.logDensity(x)) + 1e-4
        #expect(abs(found - (x + 0.5 / Double(steps))) < resolution, "below \(x): \(below), sample \(found)")
      }
    }
    #expect(abs(below - 1) < 1e-6)
  }

  @Test func samplesStayInsideAndRise() {
    for (mean, deviation) in [(0.5, 0.2), (0.0, 0.2), (1.0, 0.01), (0.5, 0.05), (0.2, 50.0)] {
      let distribution = TruncatedNormal(mean: mean, deviation: deviation)
      var last = 0.0
      for step in 0...1000 {
        let sample = distribution.sample(Double(step) / 1000)
        #expect((0...1).contains(sample) && sample >= last, "\(mean), \(deviation), \(step): \(sample)")
        last = sample
      }
    }
  }

  /// Where the distribution function is smooth in Double, the inverse takes back what it gives.
  @Test func theInverseErrorFunctionInvertsIt() {
    // A wide range about the middle of a normal that reaches far past 0 and 1 is the whole real line but for a scale.
    let deviation = 0.02
    let distribution = TruncatedNormal(mean: 0.5, deviation: deviation)
    for step in 1..<4000 {
      let share = Double(step) / 4000
      let z = (distribution.sample(share) - 0.5) / deviation
      let back = 0.5 * erfc(-z * 0.5.squareRoot())
      #expect(abs(back - share) <= 4e-14, "share \(share) came back as \(back)")
    }
  }
}
