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

extension SeedSpread: CustomStringConvertible {
  /// Mean ± standard deviation with three decimals.
  public var description: String {
    if values.isEmpty { return "–" }
    let center = String(format: "%.3f", mean)
    return values.count == 1 ? center : center + String(format: " ± %.3f", standardDeviation)
  }
}
