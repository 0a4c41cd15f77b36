/// What the box heads of Cascade R-CNN differ in, one number a head (Cai and Vasconcelos, 2018, section 4).
public struct CascadeSettings: Codable, Hashable, Sendable {
  /// IoU from which a region shows an object: 0.5, 0.6, 0.7.
  public var positiveThresholds: [Float]
  /// Factor of each head's losses: 1, 0.5, 0.25 (mmdetection).
  public var lossWeights: [Float]
  /// Factor of the standard deviations that normalise deltas: 1, 1/2, 1/3. The third of mmdetection are rounded: 0.033, 0.067.
  public var deltaScales: [Float]

  public init(
    positiveThresholds: [Float] = [0.5, 0.6, 0.7], lossWeights: [Float] = [1, 0.5, 0.25],
    deltaScales: [Float] = [1, 0.5, 1 / 3]
  ) {
    (self.positiveThresholds, self.lossWeights) = (positiveThresholds, lossWeights)
    self.deltaScales = deltaScales
  }

  func validate() throws(DetectorError) {
    let count = positiveThresholds.count
    try DetectorError.require(
      (1...8).contains(count) && positiveThresholds.allSatisfy { $0 > 0 && $0 <= 1 }, "cascade.positiveThresholds",
      "needs one to eight numbers in (0, 1]")
    try DetectorError.require(
      lossWeights.count == count && lossWeights.allSatisfy { $0 >= 0 && $0.isFinite }, "cascade.lossWeights",
      "needs a number of at least 0 for each head")
    try DetectorError.require(
      deltaScales.count == count && deltaScales.allSatisfy { $0 > 0 && $0.isFinite }, "cascade.deltaScales",
      "needs a positive number for each head")
  }
}
