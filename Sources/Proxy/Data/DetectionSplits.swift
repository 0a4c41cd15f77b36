/// The three parts of a data set and who may read them.
///
/// Tuning, by the search or by people, reads `searchTrain` and `searchValidation`; only the final scoring reads `holdOut`.
public struct DetectionSplits: Sendable {
  /// "synthetic" or the name of the data folder (without its path).
  public let name: String
  public let searchTrain: DetectionDataset
  public let searchValidation: DetectionDataset
  public let holdOut: DetectionDataset
  /// What was wrong with single files or boxes; the rest was read.
  public let problems: [DataProblem]

  public init(
    name: String, searchTrain: DetectionDataset, searchValidation: DetectionDataset, holdOut: DetectionDataset,
    problems: [DataProblem] = []
  ) {
    (self.name, self.searchTrain, self.searchValidation) = (name, searchTrain, searchValidation)
    (self.holdOut, self.problems) = (holdOut, problems)
  }

  public var classes: [String] { searchTrain.classes }

  /// Over the content hashes of the three parts: everything that decides the data.
  public var contentHash: String {
    var hasher = ContentHasher()
    for part in [searchTrain, searchValidation, holdOut] { hasher.combine(part.contentHash) }
    return hasher.hexadecimal
  }
}
