import Evolution
import Formulas
import Foundation
import Losses
import Randomness
import Reporting
import RunStore
import Screening

/// One search: its state, its memory and the workers that judge for it. `Pipeline.swift` shows what it does.
public final class SearchRun<Source: EvaluatorSource> {
  public let configuration: RunConfiguration
  let store: RunStore
  let cache: ScoreCache?
  let context: String
  let trainers: WorkerPool<Source.Evaluator>
  let screeners: WorkerPool<FormulaScreen>
  let breeder: Breeder
  let warmStarts: [Genome]
  /// The losses that the search is measured against, and that a branch keeps which is not varied.
  let defaultLosses: LossPair
  let progress: ProgressReporter
  let cancellation: Cancellation
  var state: SearchState
  var judgments = Judgments()
  var tally = SearchTally()
  /// Every outcome of this run by the key of its request.
  var outcomes: [String: ScoreOutcome]

  var space: SearchSpace { configuration.space }

  /// Takes up the run where its store stands, be that the very beginning.
  ///
  /// - Parameters:
  ///   - workers: threads; they change how long a run takes, never what it finds.
  ///   - cache: scores of earlier runs, or nil.
  public init(
    _ configuration: RunConfiguration, store: RunStore, source: Source, workers: Int, cache: ScoreCache?,
    progress: ProgressReporter, cancellation: Cancellation
  ) throws {
    self.configuration = configuration
    self.store = store
    self.cache = cache
    self.progress = progress
    self.cancellation = cancellation
    let space = configuration.space
    context = source.context
    breeder = Breeder(
      space.evolution, branch: space.branch, classification: space.grammar.classification,
      regression: space.grammar.regression)
    warmStarts = try space.warmStartGenomes()
    defaultLosses = try LossPair(
      classification: space.defaults.classification, regression: space.defaults.regression
    ).spelledOut(for: space.task)
    state =
      try store.latestGeneration().map { try SearchState($0) }
      ?? SearchState(seed: configuration.seed, scoreStep: space.evolution.scoreStep)
    outcomes = try store.scores().mapValues(\.outcome)
    trainers = WorkerPool(count: workers) { try source.makeEvaluator() }
    screeners = WorkerPool(count: workers) { FormulaScreen(space) }
    try rebuildMemory()
  }

  /// The seed of the first, second … training of one kind; below 2³¹, so that every reader of JSON keeps it exact.
  func seed(_ purpose: TrainingPurpose, _ index: Int = 0) -> UInt64 {
    SeededGenerator.derive(seed: configuration.seed, stream: purpose.rawValue, index: UInt64(index)) & 0x7fff_ffff
  }

  /// Replays the stored candidates, so that nothing is judged twice.
  private func rebuildMemory() throws {
    for candidate in try store.candidates() {
      tally.generated += 1
      tally.count(candidate.rejection)
      if candidate.stage == Stage.proxy.rawValue || candidate.stage == Stage.select.rawValue { tally.proxyTrained += 1 }
      let wasTrained = outcomes[request(candidate, .simulate).key] != nil
      if wasTrained, candidate.rejection?.code != Self.duplicateCode { tally.simulated += 1 }
      try recall(candidate, wasPassedOver: candidate.rejection?.code == Self.notAmongBestCode && !wasTrained)
    }
  }

  static var duplicateCode: String { Rejection.duplicate(of: "").code }
  static var notAmongBestCode: String { Rejection.notAmongBest(rank: 0, kept: 0).code }

  /// The training of a stored candidate.
  func request(_ candidate: CandidateRecord, _ purpose: TrainingPurpose, seedIndex: Int = 0) -> TrainingRequest {
    TrainingRequest(
      losses: LossPair(classification: candidate.classification, regression: candidate.regression), purpose: purpose,
      seed: seed(purpose, seedIndex))
  }

  /// Shows where the run stands.
  func report(_ activity: String, done: Int, total: Int, unit: String) {
    let name =
      state.phase == .final
      ? activity : "generation \(state.generation)/\(space.evolution.generations) \(activity)"
    progress.update(
      ProgressState(
        activity: name, done: done, total: total, unit: unit, funnel: tally.funnel,
        best: state.population.best.map {
          "\(space.selection.metric.rawValue) \(String(format: "%.3f", $0.score))"
        }))
  }

  /// Ends the run here if a stop was asked for.
  func checkCancellation() throws {
    if cancellation.isRequested { throw Interrupted() }
  }
}
