/// The head of FCOS and ATSS: two towers of convolutions shared by both pyramid levels, and how places get their targets.
///
/// Defaults are ours, except where a paper is named.
public struct OneStageSettings: Codable, Hashable, Sendable {
  /// Channels of both towers.
  public var channels: Int
  /// 3×3 convolutions with group normalization in each tower (FCOS: 4).
  public var convolutions: Int
  /// FCOS: the finer level takes objects whose farthest side is up to this many pixels away, the coarser the others.
  public var distanceLimit: Float
  /// FCOS: only places within this many strides of an object's centre show it (1.5).
  public var centerRadius: Float
  /// ATSS: side of the square anchors in strides (8).
  public var anchorScale: Float
  /// ATSS: candidates a level and object (9).
  public var nearest: Int
  /// The originals' quirk: box weights collapse to their mean, so that boxes are not weighed by their IoU.
  public var collapsesBoxWeights: Bool
  /// IoU above which a detection suppresses a weaker one of its class (FCOS and ATSS in mmdetection: 0.5 and 0.6).
  public var suppressionThreshold: Float

  public init(
    channels: Int = 32, convolutions: Int = 2, distanceLimit: Float = 24, centerRadius: Float = 1.5,
    anchorScale: Float = 4, nearest: Int = 9, collapsesBoxWeights: Bool = false, suppressionThreshold: Float = 0.6
  ) {
    (self.channels, self.convolutions, self.distanceLimit) = (channels, convolutions, distanceLimit)
    (self.centerRadius, self.anchorScale, self.nearest) = (centerRadius, anchorScale, nearest)
    (self.collapsesBoxWeights, self.suppressionThreshold) = (collapsesBoxWeights, suppressionThreshold)
  }

  func validate(groups: Int) throws(DetectorError) {
    try DetectorError.require(
      (1...1024).contains(channels) && groups > 0 && channels % groups == 0, "oneStage.channels",
      "must lie in 1 ... 1024 and be divided by backbone.groups")
    try DetectorError.require((0...8).contains(convolutions), "oneStage.convolutions", "must lie in 0 ... 8")
    try DetectorError.require(
      distanceLimit > 0 && distanceLimit.isFinite, "oneStage.distanceLimit", "must be a positive number of pixels")
    try DetectorError.require(
      centerRadius > 0 && centerRadius.isFinite, "oneStage.centerRadius", "must be a positive number of strides")
    try DetectorError.require(
      anchorScale > 0 && anchorScale.isFinite, "oneStage.anchorScale", "must be a positive number of strides")
    try DetectorError.require((2...1000).contains(nearest), "oneStage.nearest", "must lie in 2 ... 1000")
    try DetectorError.require(
      (0...1).contains(suppressionThreshold), "oneStage.suppressionThreshold", "must lie in 0 ... 1")
  }
}
