/// The shape of a segmenter: everything that decides its layers. Defaults are ours, tuned on the search-val split of
/// dubai-aerial and nuclei.
public struct SegmenterSettings: Codable, Hashable, Sendable {
  /// Channels after the first convolution, which halves height and width.
  public var stemChannels: Int
  /// Channels of the following stages, each of which halves height and width once more; two to four stages.
  public var stageChannels: [Int]
  /// Residual blocks of two 3×3 convolutions in each stage after its halving convolution.
  public var blocksPerStage: Int
  /// Channels of the context and of its branches.
  public var contextChannels: Int
  /// Dilations of the context's 3×3 branches, in cells of the last stage.
  public var dilations: [Int]
  /// Channels of the decoder.
  public var decoderChannels: Int

  public static let standard = SegmenterSettings()

  public init(
    stemChannels: Int = 16, stageChannels: [Int] = [32, 64], blocksPerStage: Int = 1, contextChannels: Int = 32,
    dilations: [Int] = [2, 4], decoderChannels: Int = 32
  ) {
    (self.stemChannels, self.stageChannels, self.blocksPerStage) = (stemChannels, stageChannels, blocksPerStage)
    (self.contextChannels, self.dilations, self.decoderChannels) = (contextChannels, dilations, decoderChannels)
  }

  /// Pixels between neighbouring cells of the last stage; inputs are multiples of it.
  public var stride: Int { 2 << stageChannels.count }

  /// Throws the first contradiction found, named by the key that has to change.
  public func validate() throws(SegmenterError) {
    try SegmenterError.adopting { () throws(DetectorError) in try backbone.validate() }
    try SegmenterError.require(
      [contextChannels, decoderChannels].allSatisfy { (1...1024).contains($0) }, "contextChannels",
      "every number of channels must lie in 1 ... 1024")
    try SegmenterError.require(
      dilations.count <= 8 && dilations.allSatisfy { (1...64).contains($0) }, "dilations",
      "at most eight, each in 1 ... 64")
  }

  /// The part that is built like that of a detector.
  var backbone: BackboneSettings {
    BackboneSettings(
      stemChannels: stemChannels, stageChannels: stageChannels, blocksPerStage: blocksPerStage,
      pyramidChannels: decoderChannels)
  }
}
