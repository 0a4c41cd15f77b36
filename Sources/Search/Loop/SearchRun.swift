import JSONValues
import Evolution
import Formulas
import Foundation
import Losses
import Reporting
import RunStore
import Screening

/// One search: its state, its memory and the workers that judge for it. `Pipeline.swift` shows what it does.
public final class SearchRun<Source: EvaluatorSource> where Source.Evaluator.Request == TrainingRequest {
  public let configuration: RunConfiguration
  let store: RunStore
  let trainings: TrainingLedger<Source>
  let screeners: WorkerPool<FormulaScreen>
  let breeder: Breeder
  let warmStarts: [Genome]
  /// The losses that the search is measured against, and that a branch keeps which is not varied.
  let defaultLosses: LossPair
  let progress: ProgressReporter
  let cancellation: Cancellation
  /// Receives one JSON object at the end of every generation.
  let onGeneration: (JSONValue) -> Void
  var state: SearchState
  var judgments = Judgments()
  var tally = SearchTally()

  /// Every outcome of this run by the key of its request.
  var outcomes: [String: ScoreOutcome] { trainings.outcomes }
  var space: SearchSpace { configuration.space }

  /// Takes up the run where its store stands, be that the very beginning.
  ///
  /// - Parameters:
  ///   - workers: threads; they change how long a run takes, never what it finds.
  ///   - cache: scores of earlier runs, or nil.
  public init(
    _ configuration: RunConfiguration, store: RunStore, source: Source, workers: Int, cache: ScoreCache?,
    progress: ProgressReporter, cancellation: Cancellation,
    onGeneration: @escaping (JSONValue) -> Void = { _ in }
  ) throws {
    self.onGeneration = onGeneration
    self.configuration = configuration
    self.store = store
    self.progress = progress
    self.cancellation = cancellation
    let space = configuration.space
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
    trainings = try TrainingLedger(
      store: store, source: source, workers: workers, cache: cache, cancellation: cancellation)
    screeners = WorkerPool(count: workers) { FormulaScreen(space) }
    try rebuildMemory()
  }

  func seed(_ purpose: TrainingPurpose, _ index: Int = 0) -> UInt64 { configuration.seed(purpose, index) }

  /// Replays the stored candidates, so that nothing is judged twice.
  private func rebuildMemory() throws {
    let candidates = try store.candidates()
    tally = SearchTally(candidates, outcomes: outcomes, state: state, configuration: configuration)
    for candidate in candidates {
      let passedOver = Rejection.passedOver(position: 0, tried: 0).code
      try recall(candidate, wasPassedOver: candidate.rejection?.code == passedOver)
    }
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
          "\(space.metricName) \(String(format: "%.3f", $0.score))"
        }))
  }

  /// Ends the run here if a stop was asked for.
  func checkCancellation() throws {
    if cancellation.isRequested { throw Interrupted() }
  }
}
