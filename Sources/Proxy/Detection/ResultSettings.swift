/// Which boxes of the second stage are reported.
public struct ResultSettings: Codable, Hashable, Sendable {
  /// Least probability of a reported class (Faster R-CNN: 0.05).
  public var scoreThreshold: Float
  /// IoU above which a detection suppresses a weaker one of its class (Faster R-CNN: 0.5).
  public var suppressionThreshold: Float
  /// Detections an image.
  public var limit: Int

  public init(scoreThreshold: Float = 0.05, suppressionThreshold: Float = 0.5, limit: Int = 100) {
    (self.scoreThreshold, self.suppressionThreshold, self.limit) = (scoreThreshold, suppressionThreshold, limit)
  }

  func validate() throws(DetectorError) {
    try DetectorError.require(
      scoreThreshold >= 0 && scoreThreshold < 1, "results.scoreThreshold", "must lie in [0, 1)")
    try DetectorError.require(
      (0...1).contains(suppressionThreshold), "results.suppressionThreshold", "must lie in 0 ... 1")
    try DetectorError.require((1...1000).contains(limit), "results.limit", "must lie in 1 ... 1000")
  }
}
