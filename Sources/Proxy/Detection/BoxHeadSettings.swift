/// The second stage: RoIAlign, two linear layers, a softmax over the classes and the background, class-wise deltas.
public struct BoxHeadSettings: Codable, Hashable, Sendable {
  /// Cells of a pooled region along each side.
  public var cells: Int
  /// RoIAlign samples along each side of a cell; 0 means as many as the cell has pixels.
  public var samples: Int
  /// Regions whose √area reaches this are pooled from the coarser pyramid level.
  public var coarseFrom: Float
  /// Outputs of each of the two hidden linear layers.
  public var hidden: Int
  /// IoU from which a proposal shows an object (Faster R-CNN: 0.5).
  public var positiveThreshold: Float
  /// Proposals an image in the loss, and the largest share of objects (Faster R-CNN: 512, 0.25).
  public var sampling: RandomSampler

  public init(
    cells: Int = 5, samples: Int = 2, coarseFrom: Float = 28, hidden: Int = 128, positiveThreshold: Float = 0.5,
    sampling: RandomSampler = RandomSampler(count: 64, positiveShare: 0.25)
  ) {
    (self.cells, self.samples, self.coarseFrom, self.hidden) = (cells, samples, coarseFrom, hidden)
    (self.positiveThreshold, self.sampling) = (positiveThreshold, sampling)
  }

  func validate() throws(DetectorError) {
    try DetectorError.require((1...14).contains(cells), "head.cells", "must lie in 1 ... 14")
    try DetectorError.require((0...8).contains(samples), "head.samples", "must lie in 0 ... 8")
    try DetectorError.require(
      coarseFrom >= 0 && coarseFrom.isFinite, "head.coarseFrom", "must be a number of at least 0")
    try DetectorError.require((1...4096).contains(hidden), "head.hidden", "must lie in 1 ... 4096")
    try DetectorError.require(
      positiveThreshold > 0 && positiveThreshold <= 1, "head.positiveThreshold", "must lie in (0, 1]")
    try sampling.validate("head.sampling")
  }
}
