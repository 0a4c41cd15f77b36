import Losses
import Proxy
import Surrogates

/// What a search for segmentation surrogates does, in full: metric, curves, policy, segmenter, data, schedules.
///
/// The files `search_spaces/segmentation-*.yaml` are its written form; every number there is explained beside it.
public struct SurrogateSpace: Codable, Hashable, Sendable {
  /// Version of this schema.
  public var searchSpace = 1
  public var task = SurrogateTask.segmentationSurrogate
  /// What the surrogate stands for and the reward of the search.
  public var metric = SegmentationMetric.meanIoU
  public var surrogate = SurrogateForm()
  public var policy = PolicySettings()
  public var search = SurrogateSchedule()
  public var segmenter = SegmenterSettings.standard
  public var data = SegmentationDataSettings.standard
  public var training = SurrogateTrainings()
  public var selection = SurrogateSelection()

  public init() {}

  /// The name of the search space that is built in for a metric.
  public static func embeddedName(_ metric: SegmentationMetric) -> String {
    "segmentation-\(metric.rawValue.lowercased())"
  }
}

/// The task of search spaces for surrogates.
public enum SurrogateTask: String, Codable, Hashable, Sendable, CaseIterable {
  case segmentationSurrogate = "segmentation-surrogate"
}

/// Which losses the numbers of theta stand for.
public struct SurrogateForm: Codable, Hashable, Sendable {
  /// The form of the curves.
  public var parameterization = SurrogateParameterization.bezier
  /// Pieces of each curve.
  public var pieces = 2
  /// Pixels by which boundaries are widened, in the surrogate and in the score.
  public var tolerance = 5
  /// Whether class 0 has no boundaries, in the surrogate and in the score.
  public var dropBackground = BackgroundRule.whereNamed

  public init() {}

  /// The same as yes or no; of a space that was `resolved` for its data.
  public var dropsBackground: Bool { dropBackground == .always }
}

/// How many thetas are tried.
public struct SurrogateSchedule: Codable, Hashable, Sendable {
  /// Times that the policy draws and learns.
  public var generations = 6
  /// Thetas drawn in each generation, the policy's mean included where it is the baseline.
  public var samplesPerGeneration = 8
  /// Trainings that may be under way before the first of them is committed.
  public var lookAhead = 8

  public init() {}
}

/// The trainings of a search.
public struct SurrogateTrainings: Codable, Hashable, Sendable {
  /// Gives the reward: trained on search-train, scored on search-val.
  public var proxy = SegmentationTrainingSettings.final.with(steps: 300)
  /// Final scores: trained on search-train, scored once on the hold-out.
  public var final = SegmentationTrainingSettings.final

  public init() {}
}

/// How the winner is chosen and scored.
public struct SurrogateSelection: Codable, Hashable, Sendable {
  /// Thetas with the best rewards that are trained again on the proxy with further seeds.
  public var promotedThetas = 4
  /// Seeds of that training, the first one included.
  public var promotionSeeds = 2
  /// Paired fresh seeds in the final scoring.
  public var finalSeeds = 3

  public init() {}
}

extension SurrogateSpace: SpaceSettings {
  static let kind = SpaceKind.surrogate

  static func plain(task: String?) -> SurrogateSpace { SurrogateSpace() }

  static func base(task: String?, metric: String?) -> String? {
    metric.flatMap(SegmentationMetric.init(rawValue:)).map(embeddedName)
  }

  /// The space as YAML, every key written out.
  public func yaml() throws -> String { try YAMLText.text(of: self) }

  /// Numbers of theta.
  public var numbers: Int { metric.curves * surrogate.parameterization.numbers(pieces: surrogate.pieces) }

  /// The space as it is for given data: whether class 0 is dropped is decided.
  public func resolved(hasBackground: Bool) -> SurrogateSpace {
    var space = self
    space.surrogate.dropBackground = surrogate.dropBackground.applies(hasBackground: hasBackground) ? .always : .never
    return space
  }

  /// The loss of a theta; of a space that was `resolved` for its data.
  ///
  /// - Parameter theta: control points.
  /// - Throws: `SegmentationLossError` for a theta that is none of this space.
  public func parameters(_ theta: [Double]) throws(SegmentationLossError) -> SurrogateParameters {
    try SurrogateParameters(
      metric: metric, parameterization: surrogate.parameterization, theta: theta, tolerance: surrogate.tolerance,
      dropsBackground: surrogate.dropsBackground)
  }

  /// The authors' find for the metric, which looks at boundaries as the losses of this space do.
  public func published() throws(SegmentationLossError) -> SurrogateParameters {
    try SurrogateParameters.published(metric).with(tolerance: surrogate.tolerance)
      .with(dropsBackground: surrogate.dropsBackground)
  }

  /// Throws the first contradiction, named by its key.
  public func checkLimits() throws {
    func require(_ holds: Bool, _ key: String, _ problem: String) throws {
      if !holds { throw SearchSpaceError.contradiction(key: key, problem: problem) }
    }
    try require(searchSpace == 1, "searchSpace", "this autoloss reads version 1, not \(searchSpace)")
    let counts: [(String, Int, ClosedRange<Int>)] = [
      ("surrogate.pieces", surrogate.pieces, surrogate.parameterization == .bezier ? 1...8 : 2...16),
      ("surrogate.tolerance", surrogate.tolerance, SurrogateParameters.toleranceRange),
      ("search.generations", search.generations, 0...10_000),
      ("search.samplesPerGeneration", search.samplesPerGeneration, 2...10_000),
      ("search.lookAhead", search.lookAhead, 1...10_000),
      ("selection.promotedThetas", selection.promotedThetas, 1...10_000),
      ("selection.promotionSeeds", selection.promotionSeeds, 1...1000),
      ("selection.finalSeeds", selection.finalSeeds, 1...1000),
    ]
    for (key, value, range) in counts {
      try require(
        range.contains(value), key, "\(value) does not lie in \(range.lowerBound) ... \(range.upperBound)")
    }
    for problem in policy.problems(numbers: numbers) { try require(false, "policy", problem) }
    try naming("segmenter") { try segmenter.validate() }
    try naming("training.proxy") { try training.proxy.validate(for: segmenter) }
    try naming("training.final") { try training.final.validate(for: segmenter) }
    try naming("data") { try data.validate() }
  }

  /// Runs a check of another module and puts its finding under a key of the space.
  private func naming(_ key: String, _ check: () throws -> Void) throws {
    do {
      try check()
    } catch {
      throw SearchSpaceError.contradiction(key: key, problem: "\(error)")
    }
  }
}
