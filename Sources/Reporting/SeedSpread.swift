import Foundation

/// A metric over seeds: mean, and the sample standard deviation (n − 1) that says how far one seed is from another.
public struct SeedSpread: Sendable, Hashable, Codable {
  public let values: [Double]

  public init(_ values: [Double]) { self.values = values }

  /// Nan without values.
  public var mean: Double { values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count) }

  /// 0 for a single value, nan without any.
  public var standardDeviation: Double {
    guard values.count > 1 else { return values.isEmpty ? .nan : 0 }
    let center = mean
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// The difference to a baseline measured with the same seeds in the same order; nil when the counts differ.
  public func paired(minus baseline: SeedSpread) -> SeedSpread? {
    guard values.count == baseline.values.count else { return nil }
    return SeedSpread(zip(values, baseline.values).map { $0 - $1 })
  }
}

extension SeedSpread {
  /// The two-sided 95 % interval of the mean by Student's t; nil for fewer than two values.
  ///
  /// For paired differences it says whether a gain stands out of the seeds. Seeds alone vary in it, not the data.
  public var interval: (low: Double, high: Double)? {
    guard values.count > 1 else { return nil }
    let reach = Self.quantile(freedom: values.count - 1) * standardDeviation / Double(values.count).squareRoot()
    return (mean - reach, mean + reach)
  }

  /// The 97.5 % quantile of Student's t; the normal one, 1.96, stands for more than 30 degrees of freedom.
  private static func quantile(freedom: Int) -> Double {
    let quantiles = [
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
      2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ]
    return freedom <= quantiles.count ? quantiles[freedom - 1] : 1.96
  }

  /// The mean as a signed difference, with its interval where there is one.
  public var difference: String {
    let center = String(format: "%+.3f", mean)
    guard let interval else { return center }
    return center + String(format: " [%+.3f, %+.3f]", interval.low, interval.high)
  }
}

extension SeedSpread: CustomStringConvertible {
  /// What the descriptions of so many fresh seeds show.
  public static func heading(_ seeds: Int) -> String {
    seeds == 1 ? "one fresh seed" : "\(seeds) fresh paired seeds, mean ± standard deviation"
  }

  /// Mean ± standard deviation with three decimals.
  public var description: String {
    if values.isEmpty { return "–" }
    let center = String(format: "%.3f", mean)
    return values.count == 1 ? center : center + String(format: " ± %.3f", standardDeviation)
  }
}
