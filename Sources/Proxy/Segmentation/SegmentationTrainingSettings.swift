import Networks

/// How a segmenter is trained: a fixed number of steps of SGD on random crops, so that a result does not depend on the
/// machine's load. Defaults are ours, tuned on the search-val split of dubai-aerial and nuclei.
public struct SegmentationTrainingSettings: Codable, Hashable, Sendable {
  /// Steps, images a step, rates, flips and colours, as detectors have them.
  public var schedule: TrainingSettings
  /// Height and width of a crop in pixels; a multiple of the segmenter's stride.
  public var crop: Int
  /// A picture is scaled by a factor drawn between these before it is cropped, evenly in its logarithm.
  public var smallestScale: Double
  public var largestScale: Double

  public init(
    schedule: TrainingSettings = TrainingSettings(
      steps: 2000, imagesPerBatch: 8, learningRate: 0.05, warmUpSteps: 50, gradientLimit: 5, colorJitter: 0.1,
      largestZoom: nil),
    crop: Int = 128, smallestScale: Double = 0.5, largestScale: Double = 2
  ) {
    (self.schedule, self.crop) = (schedule, crop)
    (self.smallestScale, self.largestScale) = (smallestScale, largestScale)
  }

  /// The training that gives final scores.
  public static let final = SegmentationTrainingSettings()

  /// The same with another number of steps.
  public func with(steps: Int) -> SegmentationTrainingSettings {
    var settings = self
    settings.schedule.steps = steps
    settings.schedule.warmUpSteps = min(schedule.warmUpSteps, steps)
    return settings
  }

  /// Throws the first contradiction found, named by the key that has to change.
  public func validate(for segmenter: SegmenterSettings) throws(SegmenterError) {
    try SegmenterError.adopting { () throws(DetectorError) in try schedule.validate() }
    try SegmenterError.require(
      schedule.zoomLimit == 1, "largestZoom", "is a key of detectors; set smallestScale and largestScale")
    let stride = segmenter.stride
    try SegmenterError.require(
      (32...1024).contains(crop) && crop % stride == 0, "crop", "must lie in 32 ... 1024 and be a multiple of \(stride)"
    )
    try SegmenterError.require(
      smallestScale >= 0.1 && smallestScale <= largestScale && largestScale <= 10, "smallestScale",
      "0.1 <= smallestScale <= largestScale <= 10 must hold")
  }
}
