import Networks

/// How a detector is trained: a fixed number of steps of SGD, so that a result does not depend on the machine's load.
///
/// Defaults are ours, tuned on the validation split of bccd at an input of 120 × 160, where one image takes about 4 ms of
/// one core: small batches with a high learning rate learned fastest.
public struct TrainingSettings: Codable, Hashable, Sendable {
  /// Optimizer steps.
  public var steps: Int
  /// Images a step; drawn with repetition when the data has fewer.
  public var imagesPerBatch: Int
  /// Largest learning rate.
  public var learningRate: Double
  public var momentum: Double
  public var weightDecay: Double
  /// How the learning rate falls after the warm-up: `constant`, `step` (to a tenth twice) or `cosine` (to 0).
  public var schedule: LearningRateSchedule.Kind
  /// Steps over which the learning rate rises linearly from nearly 0.
  public var warmUpSteps: Int
  /// Largest Euclidean norm of the whole gradient; a longer one is scaled down. 0: no limit.
  public var gradientLimit: Double
  /// Probability that an image is mirrored left to right.
  public var flipProbability: Double
  /// Largest relative change of brightness and contrast, each drawn for every image; 0: none.
  public var colorJitter: Float
  /// z in 1 ... 4: images are enlarged or shrunk by a factor between 1/z and z, drawn evenly in its logarithm, and cut to the
  /// input at a place that is drawn as well; 1: none. Nil takes the key out: segmenters scale their crops by settings of their own.
  public var largestZoom: Double?

  public init(
    steps: Int = 2000, imagesPerBatch: Int = 2, learningRate: Double = 0.04, momentum: Double = 0.9,
    weightDecay: Double = 1e-4, schedule: LearningRateSchedule.Kind = .cosine, warmUpSteps: Int = 50,
    gradientLimit: Double = 10,
    flipProbability: Double = 0.5, colorJitter: Float = 0, largestZoom: Double? = 1
  ) {
    (self.steps, self.imagesPerBatch, self.learningRate) = (steps, imagesPerBatch, learningRate)
    (self.momentum, self.weightDecay, self.schedule) = (momentum, weightDecay, schedule)
    (self.warmUpSteps, self.gradientLimit) = (warmUpSteps, gradientLimit)
    (self.flipProbability, self.colorJitter, self.largestZoom) = (flipProbability, colorJitter, largestZoom)
  }

  /// The long training that gives final scores; more steps no longer raise the AP50 on bccd.
  public static let final = TrainingSettings()
  /// The short training that ranks candidates during a search; the curve still rises here.
  public static let proxy = TrainingSettings(steps: 1200)
  /// The very short training on one image a class that weeds out losses which do not learn.
  public static let verify = TrainingSettings(steps: 200, warmUpSteps: 20, flipProbability: 0)

  /// Throws the first contradiction found, named by the key that has to change.
  public func validate() throws(DetectorError) {
    try DetectorError.require((1...1_000_000).contains(steps), "steps", "must lie in 1 ... 1000000")
    try DetectorError.require((1...256).contains(imagesPerBatch), "imagesPerBatch", "must lie in 1 ... 256")
    try DetectorError.require(learningRate > 0 && learningRate.isFinite, "learningRate", "must be positive")
    try DetectorError.require((0..<1).contains(momentum), "momentum", "must lie in [0, 1)")
    try DetectorError.require(weightDecay >= 0, "weightDecay", "must not be negative")
    try DetectorError.require((0...steps).contains(warmUpSteps), "warmUpSteps", "must lie in 0 ... steps")
    try DetectorError.require(gradientLimit >= 0, "gradientLimit", "must not be negative")
    try DetectorError.require((0...1).contains(flipProbability), "flipProbability", "must lie in 0 ... 1")
    try DetectorError.require((0..<1).contains(colorJitter), "colorJitter", "must lie in [0, 1)")
    try DetectorError.require((1...4).contains(zoomLimit), "largestZoom", "must lie in 1 ... 4")
  }
}

extension TrainingSettings {
  /// `largestZoom`, or none.
  var zoomLimit: Double { largestZoom ?? 1 }

  /// The update rule: SGD with momentum; biases and norms do not decay.
  var optimizer: OptimizerSettings {
    OptimizerSettings(kind: .sgd, momentum: momentum, weightDecay: weightDecay, clipNorm: gradientLimit)
  }

  /// The learning rate of every step.
  var rates: LearningRateSchedule {
    LearningRateSchedule(kind: schedule, base: learningRate, warmupSteps: warmUpSteps)
  }
}
