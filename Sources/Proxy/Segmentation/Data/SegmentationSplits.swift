/// The three parts of a segmentation data set and who may read them.
///
/// Tuning, by the search or by people, reads `searchTrain` and `searchValidation`; only the final scoring reads `holdOut`.
public struct SegmentationSplits: Sendable {
  /// "synthetic" or the name of the data folder (without its path).
  public let name: String
  public let searchTrain: SegmentationDataset
  public let searchValidation: SegmentationDataset
  public let holdOut: SegmentationDataset
  /// What was wrong with single files though they could be used.
  public let problems: [DataProblem]

  public init(
    name: String, searchTrain: SegmentationDataset, searchValidation: SegmentationDataset,
    holdOut: SegmentationDataset, problems: [DataProblem] = []
  ) {
    (self.name, self.searchTrain, self.searchValidation) = (name, searchTrain, searchValidation)
    (self.holdOut, self.problems) = (holdOut, problems)
  }

  public var classes: [String] { searchTrain.classes }
  /// Whether class 0 is a background by its name.
  public var hasBackground: Bool { searchTrain.hasBackground }

  /// Over the content hashes of the three parts: everything that decides the data.
  public var contentHash: String {
    var hasher = ContentHasher()
    for part in [searchTrain, searchValidation, holdOut] { hasher.combine(part.contentHash) }
    return hasher.hexadecimal
  }
}

/// What decides segmentation data besides the files.
public struct SegmentationDataSettings: Codable, Hashable, Sendable {
  /// Pictures with a longer side than this many pixels are scaled down to it, labels by nearest neighbour; 32 to 2048. Ours.
  public var longestSide: Int
  /// Share of the train split set aside as search-val when the data has no test split; in (0, 1). Ours.
  public var validationFraction: Double
  /// Seed of that division.
  public var splitSeed: UInt64
  /// The scenes drawn for the data set named `synthetic`.
  public var synthetic: SyntheticSettings

  public static let standard = SegmentationDataSettings()

  public init(
    longestSide: Int = 256, validationFraction: Double = 0.2, splitSeed: UInt64 = 1,
    synthetic: SyntheticSettings = .standard
  ) {
    (self.longestSide, self.validationFraction) = (longestSide, validationFraction)
    (self.splitSeed, self.synthetic) = (splitSeed, synthetic)
  }

  /// - Throws: `invalidSetting` that names the first value out of range.
  public func validate() throws(DatasetError) {
    guard (32...2048).contains(longestSide) else {
      throw .invalidSetting(name: "longestSide", reason: "\(longestSide), expected 32 to 2048 pixels")
    }
    try DataSettings(validationFraction: validationFraction, splitSeed: splitSeed, synthetic: synthetic).validate()
  }
}
