import Foundation
import JSONValues
import Losses
import Reporting
import RunStore
import Surrogates

/// One search for the theta of a segmentation surrogate: what it does, its state and the workers that train for it.
///
/// Any step may be cut off by a kill: what it had committed is found again on resume, and the search goes on from there
/// with the same thetas and rewards.
public final class SurrogateSearch<Source: EvaluatorSource> where Source.Evaluator.Request == SurrogateRequest {
  public let configuration: SurrogateConfiguration
  let store: RunStore
  let trainings: TrainingLedger<Source>
  let cancellation: Cancellation
  /// Receives one JSON object at the end of every generation.
  private let onGeneration: (JSONValue) -> Void
  private let progress: ProgressReporter
  private(set) var state: SurrogateState
  /// Every theta of the run, in the order of submission.
  private(set) var thetas: [ThetaRecord]

  var space: SurrogateSpace { configuration.space }

  /// Takes up the run where its store stands, be that the very beginning.
  ///
  /// - Parameters:
  ///   - workers: threads; they change how long a run takes, never what it finds.
  ///   - cache: scores of earlier runs, or nil.
  public init(
    _ configuration: SurrogateConfiguration, store: RunStore, source: Source, workers: Int, cache: ScoreCache?,
    progress: ProgressReporter, cancellation: Cancellation, onGeneration: @escaping (JSONValue) -> Void = { _ in }
  ) throws {
    (self.configuration, self.store, self.progress) = (configuration, store, progress)
    (self.cancellation, self.onGeneration) = (cancellation, onGeneration)
    trainings = try TrainingLedger(
      store: store, source: source, workers: workers, cache: cache, cancellation: cancellation)
    state = try store.latestGeneration().map { try SurrogateState($0) } ?? SurrogateState(configuration)
    thetas = try store.candidates().map { try ThetaRecord($0) }
  }

  /// Walks to the end, or throws `Interrupted` after a clean checkpoint.
  public func run() throws -> SurrogateResult {
    // The yardstick: what cross entropy reaches with the same seed.
    try measureCrossEntropy()

    while state.phase != .final {
      switch state.phase {
      case .draw:
        // The policy draws thetas; they are in the store before any is trained.
        try drawThetas()
      case .evaluate:
        // Each theta trains the segmenter for a short time; its reward is the metric on search-val.
        // The policy learns from the rewards, all at once.
        try learn(from: try rewards())
      case .final:
        break
      }
    }
    // More seeds where the stakes are higher.
    let promoted = try promote()
    // Fresh paired seeds, once on the hold-out, beside cross entropy and the published theta.
    return try scoreFinally(promoted)
  }

  /// The outcomes of the requests, in their order.
  func train(_ requests: [SurrogateRequest], activity: String) throws -> [ScoreOutcome] {
    try trainings.train(requests, lookAhead: space.search.lookAhead) { done in
      progress.update(
        ProgressState(
          activity: activity, done: done, total: requests.count, unit: "trainings", best: bestText,
          showsTimeLeft: true))
    }
  }

  private func measureCrossEntropy() throws {
    let request = SurrogateRequest(loss: .crossEntropy, purpose: .proxy, seed: configuration.seed(.proxy))
    for case .diverged(let step) in try train([request], activity: "cross entropy") {
      throw SearchError.baselineDiverged(
        losses: "cross entropy", step: step, key: "training.proxy.schedule.learningRate")
    }
  }

  private func drawThetas() throws {
    var next = state
    guard state.generation < space.search.generations else {
      // The policy's last mean has no reward yet; it is a candidate like the others.
      let mean = theta(state.learner.policy.means, .mean, at: 0)
      next.phase = .final
      try commit(next, [mean])
      return
    }
    let raw = state.learner.policy.draw(
      space.search.samplesPerGeneration, baseline: space.policy.baseline, from: &next.generator)
    let drawn = raw.enumerated().map { index, numbers in
      theta(numbers, index == 0 && space.policy.baseline == .policyMean ? .mean : .sample, at: index)
    }
    next.phase = .evaluate
    try commit(next, drawn)
  }

  private func theta(_ raw: [Double], _ origin: ThetaRecord.Origin, at offset: Int) -> ThetaRecord {
    ThetaRecord(
      id: thetas.count + offset, generation: state.generation, origin: origin, raw: raw,
      controlPoints: space.controlPoints(raw))
  }

  private func commit(_ next: SurrogateState, _ drawn: [ThetaRecord]) throws {
    if cancellation.isRequested { throw Interrupted() }
    try store.commit(
      RunStep(candidates: drawn.map(\.record), generation: try next.record(samples: drawn.count)))
    thetas += drawn
    state = next
  }

  /// The rewards of the generation's thetas, in their order.
  private func rewards() throws -> [Double] {
    let requests = try generationThetas.map { try request($0) }
    let activity = "generation \(state.generation + 1)/\(space.search.generations)"
    return try train(requests, activity: activity).map { $0.reward(space.metric) }
  }

  private var generationThetas: [ThetaRecord] { thetas.filter { $0.generation == state.generation } }

  /// A theta's training for its reward, or with a further seed.
  func request(_ theta: ThetaRecord, seed index: Int = 0) throws -> SurrogateRequest {
    try configuration.request(theta, seed: index)
  }

  private func learn(from rewards: [Double]) throws {
    var next = state
    next.learner.learn(
      thetas: generationThetas.map(\.raw), rewards: rewards, settings: space.policy, generation: state.generation,
      generations: space.search.generations)
    next.generation += 1
    next.phase = .draw
    try store.commit(RunStep(generation: try next.record(samples: 0)))
    let best = try trainedThetas().map(\.reward).max()
    let spread = SeedSpread(rewards)
    store.log(
      "generation \(next.generation)/\(space.search.generations): \(space.metric.rawValue) \(spread)"
        + (best.map { ", best so far \(SurrogateResult.short($0))" } ?? ""))
    onGeneration([
      "type": "generation", "generation": .int(next.generation), "generations": .int(space.search.generations),
      "metric": .string(space.metric.rawValue), "rewards": .array(rewards.map { .double($0) }),
      "means": .array(next.learner.policy.means.map { .double($0) }),
      "best": best.map { .double($0) } ?? .null,
    ])
    state = next
  }

  /// The thetas that have a reward, in the order of submission.
  func trainedThetas() throws -> [(theta: ThetaRecord, reward: Double)] {
    try thetas.compactMap { theta in
      trainings.outcome(try request(theta)).map { (theta, $0.reward(space.metric)) }
    }
  }

  private var bestText: String? {
    (try? trainedThetas())?.map(\.reward).max().map { "\(space.metric.rawValue) \(SurrogateResult.short($0))" }
  }
}

extension ScoreOutcome {
  /// A metric by name; nil after divergence, and where it was not measured or is not defined.
  func value(_ metric: SegmentationMetric) -> Double? {
    guard case .measured(let metrics) = self, let value = metrics[metric.rawValue], !value.isNaN else { return nil }
    return value
  }

  /// What the policy learns from: the metric, and 0, the worst there is, where a training diverged.
  func reward(_ metric: SegmentationMetric) -> Double { value(metric) ?? 0 }
}
