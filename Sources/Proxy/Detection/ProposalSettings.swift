/// The region proposal network (Ren et al., 2015): anchors, its own targets and losses, and what it passes on.
public struct ProposalSettings: Codable, Hashable, Sendable {
  /// Side lengths of the square anchors in pixels, for the finer and for the coarser pyramid level.
  public var anchorSizes: [[Float]]
  /// Height over width of the anchors at equal area.
  public var anchorRatios: [Float]
  /// Channels of the convolution that both levels share.
  public var channels: Int
  /// IoU from which an anchor is an object, and below which it is background (Faster R-CNN: 0.7, 0.3).
  public var positiveThreshold: Float
  public var negativeThreshold: Float
  /// IoU from which the best anchors of an object are objects in any case.
  public var minimumPositive: Float
  /// Anchors an image in the loss, and the largest share of objects among them (Faster R-CNN: 256, 0.5).
  public var sampling: RandomSampler
  /// Weight of the proposal network's losses beside those of the box head.
  public var lossWeight: Float
  /// Proposals a level that enter suppression.
  public var beforeSuppression: Int
  /// IoU above which a proposal suppresses a weaker one (Faster R-CNN: 0.7).
  public var suppressionThreshold: Float
  /// Proposals an image that go on, in training and in testing.
  public var kept: Int

  public init(
    anchorSizes: [[Float]] = [[10, 20], [28, 48]], anchorRatios: [Float] = [1], channels: Int = 32,
    positiveThreshold: Float = 0.7, negativeThreshold: Float = 0.3, minimumPositive: Float = 0.3,
    sampling: RandomSampler = RandomSampler(count: 128, positiveShare: 0.5), lossWeight: Float = 1,
    beforeSuppression: Int = 200, suppressionThreshold: Float = 0.7, kept: Int = 64
  ) {
    (self.anchorSizes, self.anchorRatios, self.channels) = (anchorSizes, anchorRatios, channels)
    (self.positiveThreshold, self.negativeThreshold) = (positiveThreshold, negativeThreshold)
    (self.minimumPositive, self.sampling, self.lossWeight) = (minimumPositive, sampling, lossWeight)
    (self.beforeSuppression, self.suppressionThreshold) = (beforeSuppression, suppressionThreshold)
    self.kept = kept
  }

  /// The rule that matches anchors to objects.
  public var assigner: MaxIoUAssigner {
    MaxIoUAssigner(
      positiveThreshold: positiveThreshold, negativeThreshold: negativeThreshold, minimumPositive: minimumPositive,
      matchLowQuality: true, ignoreThreshold: 0.5)
  }

  func validate() throws(DetectorError) {
    try DetectorError.require(
      anchorSizes.count == 2 && anchorSizes[0].count == anchorSizes[1].count && !anchorSizes[0].isEmpty,
      "proposals.anchorSizes", "needs two lists of equal length, one for each pyramid level")
    try DetectorError.require(
      (anchorSizes.flatMap { $0 } + anchorRatios).allSatisfy { $0 > 0 && $0.isFinite } && !anchorRatios.isEmpty,
      "proposals.anchorRatios", "sizes and ratios must be positive")
    try DetectorError.require((1...1024).contains(channels), "proposals.channels", "must lie in 1 ... 1024")
    try DetectorError.require(
      0 <= negativeThreshold && negativeThreshold <= positiveThreshold && positiveThreshold <= 1,
      "proposals.negativeThreshold", "must lie between 0 and proposals.positiveThreshold")
    try sampling.validate("proposals.sampling")
    try DetectorError.require(
      (1...10_000).contains(beforeSuppression), "proposals.beforeSuppression", "must lie in 1 ... 10000")
    try DetectorError.require(
      lossWeight >= 0 && lossWeight.isFinite, "proposals.lossWeight", "must be a number of at least 0")
    try DetectorError.require(
      (0...1).contains(suppressionThreshold), "proposals.suppressionThreshold", "must lie in 0 ... 1")
    try DetectorError.require((1...1000).contains(kept), "proposals.kept", "must lie in 1 ... 1000")
  }
}
