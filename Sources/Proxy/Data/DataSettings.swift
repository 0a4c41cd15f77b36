/// What decides the data besides the files: the detector's input size, how a train split is divided, the synthetic scenes.
public struct DataSettings: Codable, Hashable, Sendable {
  /// Height and width of the detector's input in pixels, 16 to 2048; images fit within, padded right and below.
  public var height: Int
  public var width: Int
  /// Share of the train split set aside as search-val when the data has no test split; in (0, 1). Ours.
  public var validationFraction: Double
  /// Seed of that division.
  public var splitSeed: UInt64
  /// The scenes drawn for the data set named `synthetic`.
  public var synthetic: SyntheticSettings

  public static let standard = DataSettings()

  public init(
    height: Int = 120, width: Int = 160, validationFraction: Double = 0.2, splitSeed: UInt64 = 1,
    synthetic: SyntheticSettings = .standard
  ) {
    (self.height, self.width, self.validationFraction) = (height, width, validationFraction)
    (self.splitSeed, self.synthetic) = (splitSeed, synthetic)
  }

  /// - Throws: `invalidSetting` that names the first value out of range.
  public func validate() throws(DatasetError) {
    for (name, value) in [("height", height), ("width", width)] where !(16...2048).contains(value) {
      throw .invalidSetting(name: name, reason: "\(value), expected 16 to 2048 pixels")
    }
    guard validationFraction > 0, validationFraction < 1 else {
      throw .invalidSetting(name: "validationFraction", reason: "\(validationFraction), expected between 0 and 1")
    }
    let counts = [
      ("synthetic.trainImages", synthetic.trainImages), ("synthetic.validationImages", synthetic.validationImages),
      ("synthetic.holdOutImages", synthetic.holdOutImages),
    ]
    for (name, value) in counts where !(1...20_000).contains(value) {
      throw .invalidSetting(name: name, reason: "\(value), expected 1 to 20000 images")
    }
  }
}

/// Seed and number of the synthetic scenes; what a scene looks like is fixed by `SyntheticScenes.version`.
public struct SyntheticSettings: Codable, Hashable, Sendable {
  public var seed: UInt64
  public var trainImages: Int
  public var validationImages: Int
  public var holdOutImages: Int

  public static let standard = SyntheticSettings()

  public init(seed: UInt64 = 1, trainImages: Int = 400, validationImages: Int = 100, holdOutImages: Int = 150) {
    (self.seed, self.trainImages) = (seed, trainImages)
    (self.validationImages, self.holdOutImages) = (validationImages, holdOutImages)
  }
}
