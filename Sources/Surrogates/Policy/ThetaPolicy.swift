import Foundation
import Randomness

/// The distribution that raw thetas are drawn from: an independent truncated normal for each number.
public struct ThetaPolicy: Codable, Hashable, Sendable {
  /// The logits of the means: what the search learns.
  public var logits: [Double]
  /// Standard deviations, which stay as they are; as many as logits.
  public let deviations: [Double]

  /// - Parameters:
  ///   - means: between 0 and 1, both excluded.
  ///   - deviations: positive, as many as means.
  public init(means: [Double], deviations: [Double]) {
    logits = means.map { log($0 / (1 - $0)) }
    self.deviations = deviations
  }

  /// The policy that a search begins with; a single mean or deviation stands for all numbers of theta.
  public init(_ settings: PolicySettings, numbers: Int) {
    func spread(_ list: [Double]) -> [Double] { list.count == 1 ? Array(repeating: list[0], count: numbers) : list }
    self.init(means: spread(settings.means), deviations: spread(settings.deviations))
  }

  /// In 0 ... 1, one for each number of theta.
  public var means: [Double] { logits.map(Self.sigmoid) }

  /// One distribution for each number of theta.
  public var coordinates: [TruncatedNormal] {
    zip(logits, deviations).map { TruncatedNormal(mean: Self.sigmoid($0), deviation: $1) }
  }

  /// The raw theta that belongs to given shares of mass, one in 0 ... 1 for each number.
  public func theta(uniform: [Double]) -> [Double] { zip(coordinates, uniform).map { $0.sample($1) } }

  /// Raw thetas of one generation; with the policy's mean as baseline that mean comes first.
  public func draw(_ count: Int, baseline: RewardBaseline, from generator: inout SeededGenerator) -> [[Double]] {
    let distributions = coordinates
    var thetas: [[Double]] = baseline == .policyMean ? [means] : []
    while thetas.count < count { thetas.append(distributions.map { $0.sample(generator.uniform()) }) }
    return thetas
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
