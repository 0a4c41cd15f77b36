import RunStore

/// The two losses that a detector is trained with, as text: formulas, built-in names. A segmenter has one, the other is empty.
public struct LossPair: Hashable, Sendable, Codable {
  public var classification: String
  public var regression: String

  public init(classification: String, regression: String) {
    self.classification = classification
    self.regression = regression
  }

  /// Both in one line.
  var text: String { regression.isEmpty ? classification : "\(classification) + \(regression)" }
}

/// What a training is for; it decides data, schedule and split.
public enum TrainingPurpose: String, Hashable, Sendable, Codable, CaseIterable {
  /// A few steps on D_verify (one image a class), scored there.
  case simulate
  /// The proxy: search-train, scored on search-val.
  case proxy
  /// The final training: search-train, scored on the hold-out.
  case holdOut = "holdout"
}

/// One training to do, named so that store and cache can tell it from others of the run.
public protocol KeyedRequest: Hashable, Sendable {
  /// The name of the outcome in store and cache.
  var key: String { get }
  /// What the training is for, as the store keeps it.
  var purposeName: String { get }
  var seed: UInt64 { get }
}

/// The training of a detector, with everything that tells it from others of the run.
public struct TrainingRequest: KeyedRequest {
  public var losses: LossPair
  public var purpose: TrainingPurpose
  /// Decides initial weights and the order of batches, so that candidates with one seed are paired.
  public var seed: UInt64

  public init(losses: LossPair, purpose: TrainingPurpose, seed: UInt64) {
    self.losses = losses
    self.purpose = purpose
    self.seed = seed
  }

  /// Formulas hold no `|`.
  public var key: String { "\(purpose.rawValue)|\(losses.classification)|\(losses.regression)|\(seed)" }
  public var purposeName: String { purpose.rawValue }
}

/// Trains and scores; owned by one thread.
public protocol CandidateEvaluator {
  associatedtype Request: KeyedRequest

  /// The outcome of a training; the same request always gives the same outcome.
  ///
  /// Throws `Interrupted` soon after `isCancelled` turns true.
  func evaluate(_ request: Request, isCancelled: @escaping @Sendable () -> Bool) throws -> ScoreOutcome
}

/// Makes an evaluator for each worker thread and says what, besides the request, decides the outcomes.
public protocol EvaluatorSource: Sendable {
  associatedtype Evaluator: CandidateEvaluator

  func makeEvaluator() throws -> Evaluator

  /// Everything outside the request that decides an outcome: data, detector, schedules, program, processor.
  var context: String { get }
}
