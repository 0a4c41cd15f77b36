/// The mask head of Mask R-CNN (He et al., 2017, section 3): RoIAlign, 3×3 convolutions, doubling, a mask for each class.
public struct MaskSettings: Codable, Hashable, Sendable {
  /// Cells of a pooled region along each side; masks have twice as many (Mask R-CNN: 14 and 28).
  public var cells: Int
  /// RoIAlign samples along each side of a cell; 0 means as many as the cell has pixels.
  public var samples: Int
  /// 3×3 convolutions (Mask R-CNN: 4) and their channels (256).
  public var convolutions: Int
  public var channels: Int
  /// Factor of the mask loss.
  public var lossWeight: Float
  /// Probability from which a pixel belongs to the object (0.5).
  public var threshold: Float

  public init(
    cells: Int = 14, samples: Int = 2, convolutions: Int = 2, channels: Int = 32, lossWeight: Float = 1,
    threshold: Float = 0.5
  ) {
    (self.cells, self.samples, self.convolutions, self.channels) = (cells, samples, convolutions, channels)
    (self.lossWeight, self.threshold) = (lossWeight, threshold)
  }

  /// Pixels of a mask along each side.
  public var side: Int { 2 * cells }

  func validate() throws(DetectorError) {
    try DetectorError.require((1...28).contains(cells), "mask.cells", "must lie in 1 ... 28")
    try DetectorError.require((0...8).contains(samples), "mask.samples", "must lie in 0 ... 8")
    try DetectorError.require((0...8).contains(convolutions), "mask.convolutions", "must lie in 0 ... 8")
    try DetectorError.require((1...1024).contains(channels), "mask.channels", "must lie in 1 ... 1024")
    try DetectorError.require(
      lossWeight >= 0 && lossWeight.isFinite, "mask.lossWeight", "must be a number of at least 0")
    try DetectorError.require(threshold > 0 && threshold < 1, "mask.threshold", "must lie in (0, 1)")
  }
}
