/// The shape of a detector: everything that decides its layers, targets and detections, but not its training.
///
/// The size of the input is that of the data set's images. Lengths are in pixels of the input. Defaults are ours, tuned on
/// the validation split of bccd; those named after a paper say so.
public struct DetectorSettings: Codable, Hashable, Sendable {
  public var kind: DetectorKind
  public var backbone: BackboneSettings
  /// Two-stage detectors: the proposal network and the box head.
  public var proposals: ProposalSettings
  public var head: BoxHeadSettings
  /// Cascade R-CNN: what its stages differ in.
  public var cascade: CascadeSettings
  /// Mask R-CNN: the mask head.
  public var mask: MaskSettings
  /// One-stage detectors: the head.
  public var oneStage: OneStageSettings
  public var results: ResultSettings

  public static let standard = DetectorSettings()

  public init(
    kind: DetectorKind = .fasterRCNN, backbone: BackboneSettings = BackboneSettings(),
    proposals: ProposalSettings = ProposalSettings(),
    head: BoxHeadSettings = BoxHeadSettings(), cascade: CascadeSettings = CascadeSettings(),
    mask: MaskSettings = MaskSettings(), oneStage: OneStageSettings = OneStageSettings(),
    results: ResultSettings = ResultSettings()
  ) {
    (self.kind, self.backbone, self.proposals, self.head) = (kind, backbone, proposals, head)
    (self.cascade, self.mask, self.oneStage, self.results) = (cascade, mask, oneStage, results)
  }

  /// Throws the first contradiction found, named by the key that has to change.
  public func validate() throws(DetectorError) {
    try backbone.validate()
    try proposals.validate()
    try head.validate()
    try cascade.validate()
    try mask.validate()
    try oneStage.validate(groups: backbone.groups)
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
