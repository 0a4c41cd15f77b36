import Proxy

extension DetectionSplits {
  /// Refuses data that a detector cannot learn from or be scored on.
  ///
  /// - Throws: `DetectorError.data` for a missing mask, `DatasetError.nothingToScore` for a split without an object.
  public func require(masksFor kind: DetectorKind, scoring scored: [LossTraining.Split]) throws {
    try searchTrain.requireMasks(for: kind)
    for split in scored {
      let part = split.images(of: self)
      try part.requireMasks(for: kind)
      guard part.boxCounts.contains(where: { $0 > 0 }) else {
        throw DatasetError.nothingToScore(split: "\(name): \(split.rawValue)")
      }
    }
  }
}
