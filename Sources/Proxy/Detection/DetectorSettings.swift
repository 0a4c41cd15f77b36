/// The shape of the two-stage detector: everything that decides its layers, targets and detections, but not its training.
///
/// The size of the input is that of the data set's images. Lengths are in pixels of the input. Defaults are ours, tuned on
/// the validation split of bccd; those named after a paper say so.
public struct DetectorSettings: Codable, Hashable, Sendable {
  public var backbone: BackboneSettings
  public var proposals: ProposalSettings
  public var head: BoxHeadSettings
  public var results: ResultSettings

  public static let standard = DetectorSettings()

  public init(
    backbone: BackboneSettings = BackboneSettings(), proposals: ProposalSettings = ProposalSettings(),
    head: BoxHeadSettings = BoxHeadSettings(), results: ResultSettings = ResultSettings()
  ) {
    (self.backbone, self.proposals, self.head, self.results) = (backbone, proposals, head, results)
  }

  /// Throws the first contradiction found, named by the key that has to change.
  public func validate() throws(DetectorError) {
    try backbone.validate()
    try proposals.validate()
    try head.validate()
    try results.validate()
  }
}

extension RandomSampler {
  func validate(_ key: String) throws(DetectorError) {
    try DetectorError.require((1...4096).contains(count), key + ".count", "must lie in 1 ... 4096")
    try DetectorError.require(
      positiveShare > 0 && positiveShare <= 1, key + ".positiveShare", "must lie in (0, 1]")
  }
}
