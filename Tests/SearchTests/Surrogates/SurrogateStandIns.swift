import Foundation
import Losses
import Reporting
import RunStore
import Search
import Surrogates

/// Segmenters whose scores are a fixed function of the request, so that a whole search takes a moment.
struct SegmenterStandInSource: EvaluatorSource {
  let journal: Journal
  /// Whether the short training of one theta in eight diverges.
  let diverges: Bool
  let context = "segmenter stand-in 1"

  func makeEvaluator() -> SegmenterStandIn { SegmenterStandIn(journal: journal, diverges: diverges) }
}

final class SegmenterStandIn: CandidateEvaluator {
  private let journal: Journal
  private let diverges: Bool

  init(journal: Journal, diverges: Bool) { (self.journal, self.diverges) = (journal, diverges) }

  func evaluate(_ request: SurrogateRequest, isCancelled: @escaping @Sendable () -> Bool) throws -> ScoreOutcome {
    guard journal.note(request.key) else { throw Killed() }
    let noise = Double(Self.hash(request.key) % 1000) / 100_000
    let level: Double
    switch request.loss {
    case .crossEntropy, .dice, .lovasz, .formula: level = 0.4
    case .surrogate(let parameters) where parameters.theta == SurrogateParameters.published(parameters.metric).theta:
      level = 0.45
    case .surrogate(let parameters):
      let points = parameters.theta
      if diverges, request.purpose == .proxy, Self.hash(request.key) % 8 == 0 { return .diverged(step: 3) }
      // The best theta has 0.9 everywhere.
      level = 0.9 - points.reduce(0) { $0 + ($1 - 0.9) * ($1 - 0.9) } / Double(points.count)
    }
    let metrics = SegmentationMetric.allCases.enumerated().map { ($1.rawValue, level + noise + Double($0) / 100) }
    return .measured(Dictionary(uniqueKeysWithValues: metrics))
  }

  /// FNV-1a.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}

/// A search for a surrogate of a few dozen thetas with stand-in trainings.
enum SmallSurrogateSearch {
  static func configuration(
    seed: UInt64 = 3, metric: SegmentationMetric = .meanIoU, overrides: [String] = []
  ) throws -> SurrogateConfiguration {
    let limits = [
      "search.generations=3", "search.samplesPerGeneration=6", "search.lookAhead=3", "selection.promotedThetas=3",
      "selection.promotionSeeds=2", "selection.finalSeeds=2",
    ]
    let space = try SearchSpaceFile.named(SurrogateSpace.embeddedName(metric)).resolvedSurrogate(
      overrides: limits + overrides)
    return SurrogateConfiguration(program: "test", data: "synthetic", seed: seed, space: space)
  }

  /// Starts or resumes the search of a folder and walks it to the end.
  static func run(
    _ configuration: SurrogateConfiguration, in folder: URL, resume: Bool = false, journal: Journal = Journal(),
    workers: Int = 1, cache: ScoreCache? = nil, cancellation: Cancellation = Cancellation(), diverges: Bool = true,
    onGeneration: @escaping () -> Void = {}
  ) throws -> SurrogateResult {
    let store =
      resume ? try RunStore.resume(folder) : try SearchStore.create(folder, configuration, dataHash: "none")
    let search = try SurrogateSearch(
      configuration, store: store, source: SegmenterStandInSource(journal: journal, diverges: diverges),
      workers: workers, cache: cache,
      progress: ProgressReporter(style: .silent, write: { _ in }), cancellation: cancellation,
      onGeneration: { _ in onGeneration() })
    let result = try search.run()
    try store.close()
    return result
  }
}

/// Everything the folder of a search for a surrogate says, without times and without the name of the run.
struct SurrogateRunRecord: Equatable {
  var thetas: [CandidateRecord]
  var outcomes: [String: ScoreOutcome]
  var summary: String?
  var files: [String]

  init(_ folder: URL) throws {
    let store = try RunStore.read(folder)
    thetas = try store.candidates()
    outcomes = try store.scores().mapValues(\.outcome)
    summary = try SearchStore.summary(of: store)
    files = try ["best.yaml", "report.html", "summary.txt", "config.yaml"].map {
      try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
    }
  }
}
