/// The keys that a surrogate has in a loss card.
extension SurrogateParameters {
  /// - Throws: `DecodingError.dataCorrupted` at the key whose value cannot be used.
  init(from container: KeyedDecodingContainer<LossCard.CodingKeys>) throws {
    let metric = try container.decode(String.self, forKey: .metric)
    let parameterization = try container.decode(String.self, forKey: .parameterization)
    let theta = try container.decode([Double].self, forKey: .theta)
    let tolerance = try container.decode(Int.self, forKey: .tolerance)
    let dropsBackground = try container.decode(Bool.self, forKey: .dropBackground)
    do throws(SegmentationLossError) {
      try self.init(
        metric: SegmentationMetric(named: metric),
        parameterization: SurrogateParameterization(named: parameterization), theta: theta, tolerance: tolerance,
        dropsBackground: dropsBackground)
    } catch {
      throw DecodingError.dataCorruptedError(
        forKey: error.key, in: container, debugDescription: error.message)
    }
  }

  func encode(to container: inout KeyedEncodingContainer<LossCard.CodingKeys>) throws {
    try container.encode(metric, forKey: .metric)
    try container.encode(parameterization, forKey: .parameterization)
    try container.encode(theta, forKey: .theta)
    try container.encode(tolerance, forKey: .tolerance)
    try container.encode(dropsBackground, forKey: .dropBackground)
  }
}

extension SegmentationLossError {
  /// The key of a card that the error is about.
  var key: LossCard.CodingKeys {
    switch self {
    case .metric, .shape: .metric
    case .parameterization: .parameterization
    case .theta: .theta
    case .tolerance: .tolerance
    }
  }
}
