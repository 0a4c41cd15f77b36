/// What an image is turned into before anything is detected: a convolutional backbone and a two-level feature pyramid.
public struct BackboneSettings: Codable, Hashable, Sendable {
  /// Channels after the first convolution, which halves height and width.
  public var stemChannels: Int
  /// Channels of the following stages, each of which halves height and width once more. The last two feed the pyramid,
  /// so that two stages give strides 4 and 8, three give 8 and 16. Two to four stages.
  public var stageChannels: [Int]
  /// Residual blocks of two 3×3 convolutions in each stage after its halving convolution; 0 leaves only that.
  public var blocksPerStage: Int
  public var normalization: Normalization
  /// Groups of a group normalization; divides every channel count.
  public var groups: Int
  /// Channels of both levels of the feature pyramid (Lin et al., 2017).
  public var pyramidChannels: Int

  public init(
    stemChannels: Int = 16, stageChannels: [Int] = [32, 64], blocksPerStage: Int = 0,
    normalization: Normalization = .batch, groups: Int = 8, pyramidChannels: Int = 32
  ) {
    (self.stemChannels, self.stageChannels, self.blocksPerStage) = (stemChannels, stageChannels, blocksPerStage)
    (self.normalization, self.groups, self.pyramidChannels) = (normalization, groups, pyramidChannels)
  }

  /// Pixels between neighbouring cells of the finer and of the coarser pyramid level.
  public var strides: [Int] {
    let coarse = 2 << stageChannels.count
    return [coarse / 2, coarse]
  }

  func validate() throws(DetectorError) {
    try DetectorError.require(
      (2...4).contains(stageChannels.count), "backbone.stageChannels", "needs two to four stages")
    try DetectorError.require(
      ([stemChannels, pyramidChannels] + stageChannels).allSatisfy { (1...1024).contains($0) },
      "backbone.stageChannels", "every number of channels must lie in 1 ... 1024")
    try DetectorError.require((0...8).contains(blocksPerStage), "backbone.blocksPerStage", "must lie in 0 ... 8")
    switch normalization {
    case .batch: break
    case .group:
      try DetectorError.require(
        groups > 0 && ([stemChannels, pyramidChannels] + stageChannels).allSatisfy { $0 % groups == 0 },
        "backbone.groups", "must divide every number of channels")
    }
  }
}

/// How activations are brought to one scale.
public enum Normalization: String, Codable, Sendable, CaseIterable {
  /// Over the batch, by channel; running averages at test time (Ioffe and Szegedy, 2015).
  case batch
  /// Over groups of channels of one image (Wu and He, 2018).
  case group
}
