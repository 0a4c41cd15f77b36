/// One proposed candidate and how far it came; formulas are held as text, so that the store knows no grammar.
public struct CandidateRecord: Sendable, Hashable, Codable {
  /// Submission order within the run, from 0.
  public var id: Int
  /// Generation that proposed it, from 0.
  public var generation: Int
  /// Which formula was varied: `classification` or `regression`.
  public var branch: String
  /// The classification loss: formula text or built-in name.
  public var classification: String
  /// The regression loss: formula text or built-in name.
  public var regression: String
  /// The canonical form of the varied formula: equal for two spellings of one formula.
  public var canonical: String
  /// The gradient fingerprint of the varied formula; nil where it was not computed.
  public var fingerprint: String?
  /// The operator that made it, such as `random` or `crossover`.
  public var origin: String
  /// Ids of the parents.
  public var parents: [Int]
  /// Distinct nodes of the varied formula.
  public var nodes: Int
  /// The last stage it reached.
  public var stage: String
  /// Why it ended there; nil while it is alive.
  public var rejection: RejectionRecord?

  public init(
    id: Int, generation: Int, branch: String, classification: String, regression: String, canonical: String,
    fingerprint: String?, origin: String, parents: [Int], nodes: Int, stage: String, rejection: RejectionRecord?
  ) {
    self.id = id
    self.generation = generation
    self.branch = branch
    self.classification = classification
    self.regression = regression
    self.canonical = canonical
    self.fingerprint = fingerprint
    self.origin = origin
    self.parents = parents
    self.nodes = nodes
    self.stage = stage
    self.rejection = rejection
  }
}

/// Why a candidate ended: the stable code of a rejection and its sentence.
public struct RejectionRecord: Sendable, Hashable, Codable {
  public var code: String
  public var message: String

  public init(code: String, message: String) {
    self.code = code
    self.message = message
  }
}

/// A later verdict on a candidate that is in the store already.
public struct VerdictRecord: Sendable, Hashable {
  public var candidate: Int
  public var stage: String
  public var rejection: RejectionRecord?

  public init(candidate: Int, stage: String, rejection: RejectionRecord?) {
    self.candidate = candidate
    self.stage = stage
    self.rejection = rejection
  }
}

/// What one training came to: average precisions in 0 ... 1, other metrics by name, or the step at which the loss left the
/// finite numbers.
public enum ScoreOutcome: Sendable, Hashable, Codable {
  case scored(ap: Double, ap50: Double, ap75: Double)
  /// Metrics that are no average precisions; nan where one is not defined.
  case measured([String: Double])
  case diverged(step: Int)
}

/// One finished training; `key` names everything inside the run that decides the outcome.
public struct ScoreRecord: Sendable, Hashable {
  public var key: String
  /// What the training was for, such as `simulate`, `proxy` or `holdout`.
  public var purpose: String
  /// The seed of weights and batches.
  public var seed: UInt64
  public var outcome: ScoreOutcome
  /// Wall-clock seconds of the training; informative only.
  public var seconds: Double

  public init(key: String, purpose: String, seed: UInt64, outcome: ScoreOutcome, seconds: Double) {
    self.key = key
    self.purpose = purpose
    self.seed = seed
    self.outcome = outcome
    self.seconds = seconds
  }
}

/// Where the search stands in one generation; enough to go on with the very next random number.
public struct GenerationRecord: Sendable, Hashable {
  /// From 0.
  public var number: Int
  /// The phase inside the generation, in the words of the search.
  public var phase: String
  /// Proposals made so far in this generation.
  public var proposals: Int
  /// The random generator's state after them, as JSON.
  public var generator: String
  /// The population that the proposals are drawn from, as JSON.
  public var population: String

  public init(number: Int, phase: String, proposals: Int, generator: String, population: String) {
    self.number = number
    self.phase = phase
    self.proposals = proposals
    self.generator = generator
    self.population = population
  }
}

/// Everything one step of the search adds to the store, written in one transaction or not at all.
public struct RunStep: Sendable {
  public var candidates: [CandidateRecord]
  public var verdicts: [VerdictRecord]
  public var scores: [ScoreRecord]
  public var generation: GenerationRecord?
  /// Named facts of the run, such as the machine or the final table; a later value replaces an earlier one.
  public var facts: [String: String]

  public init(
    candidates: [CandidateRecord] = [], verdicts: [VerdictRecord] = [], scores: [ScoreRecord] = [],
    generation: GenerationRecord? = nil, facts: [String: String] = [:]
  ) {
    self.candidates = candidates
    self.verdicts = verdicts
    self.scores = scores
    self.generation = generation
    self.facts = facts
  }
}
