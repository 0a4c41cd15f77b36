import Foundation
import Losses
import Reporting
import RunStore
import Search

/// Outcomes that are a fixed function of the request, so that a whole search takes a second.
struct StandInSource: EvaluatorSource {
  let journal: Journal
  let context = "stand-in 1"

  func makeEvaluator() -> StandInEvaluator { StandInEvaluator(journal: journal) }
}

/// What the stand-ins were asked, and when they are to fail.
final class Journal: @unchecked Sendable {
  private let lock = NSLock()
  private var asked: [String] = []
  private let failsAt: Int?

  /// - Parameter failsAt: the number of the evaluation, from 0, that dies instead of answering.
  init(failsAt: Int? = nil) { self.failsAt = failsAt }

  var keys: [String] { lock.withLock { asked } }

  /// Notes a request; false when the worker is to die on it.
  func note(_ key: String) -> Bool {
    lock.withLock {
      asked.append(key)
      return failsAt.map { asked.count <= $0 } ?? true
    }
  }
}

/// Thrown in place of a kill.
struct Killed: Error {}

final class StandInEvaluator: CandidateEvaluator {
  private let journal: Journal

  init(journal: Journal) { self.journal = journal }

  func evaluate(_ request: TrainingRequest, isCancelled: @escaping @Sendable () -> Bool) throws -> ScoreOutcome {
    guard journal.note(request.key) else { throw Killed() }
    let draw = Self.hash(request.key)
    // One loss in eight diverges; the default losses never do.
    if draw % 8 == 0, !Self.defaults.contains(request.losses.classification) { return .diverged(step: Int(draw % 50)) }
    let ap = Double(draw % 10_000) / 20_000
    // A segmenter has one loss.
    if request.losses.regression.isEmpty {
      return .measured(Dictionary(uniqueKeysWithValues: SegmentationMetric.allCases.map { ($0.rawValue, ap) }))
    }
    return .scored(ap: ap, ap50: min(1, ap * 1.8), ap75: ap * 0.9)
  }

  private static let defaults = Set(
    SearchTask.allCases.compactMap { task in
      let name = task == .detectionOneStage ? "focal" : "cross-entropy"
      return try? LossPair(classification: name, regression: "giou").spelledOut(for: task).classification
    })

  /// FNV-1a.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}

/// A search of a few hundred formulas with stand-in trainings.
enum SmallSearch {
  static func configuration(
    _ task: SearchTask = .detectionTwoStage, seed: UInt64 = 3, overrides: [String] = []
  ) throws -> RunConfiguration {
    let limits = [
      "evolution.generations=2", "evolution.candidatesPerGeneration=48", "evolution.populationSize=6",
      "evolution.proxyCandidates=3", "evolution.parents=4", "selection.simulatedCandidates=7",
      "selection.screeningBatch=16", "selection.promotedCandidates=3", "selection.promotionSeeds=2",
      "selection.finalCombinations=2", "selection.finalSeeds=2", "evolution.lookAhead=3",
    ]
    let space = try SearchSpaceFile.named(task.rawValue).resolved(overrides: limits + overrides)
    return RunConfiguration(program: "test", data: "synthetic", seed: seed, space: space)
  }

  /// Starts or resumes the search of a folder and walks it to the end.
  static func run(
    _ configuration: RunConfiguration, in folder: URL, resume: Bool = false, journal: Journal = Journal(),
    workers: Int = 1, cache: ScoreCache? = nil, cancellation: Cancellation = Cancellation(),
    onProgress: @escaping (String) -> Void = { _ in }
  ) throws -> SearchResult {
    let store =
      resume ? try RunStore.resume(folder) : try SearchStore.create(folder, configuration, dataHash: "none")
    let search = try SearchRun(
      configuration, store: store, source: StandInSource(journal: journal), workers: workers, cache: cache,
      progress: ProgressReporter(style: .lines, write: onProgress), cancellation: cancellation)
    let result = try search.run()
    try store.close()
    return result
  }
}

/// Everything a run folder says, without times.
struct RunRecord: Equatable {
  var candidates: [CandidateRecord]
  var outcomes: [String: ScoreOutcome]
  var summary: String?
  var cards: String
  var page: String

  init(_ folder: URL) throws {
    let store = try RunStore.read(folder)
    candidates = try store.candidates()
    outcomes = try store.scores().mapValues(\.outcome)
    summary = try SearchStore.summary(of: store)
    cards = try String(contentsOf: folder.appendingPathComponent("best.yaml"), encoding: .utf8)
    page = try String(contentsOf: folder.appendingPathComponent("report.html"), encoding: .utf8)
  }
}

func withScratchFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}
