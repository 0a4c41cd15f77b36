import Foundation
import RunStore

/// Trainings in submission order, each committed as it is used, none done twice.
extension SearchRun {
  /// The outcomes of the requests, in their order: from this run, from the cache, or trained now.
  func train(_ requests: [TrainingRequest], activity: String) throws -> [ScoreOutcome] {
    var pending: [TrainingRequest] = []
    var seen: Set<String> = []
    for request in requests where outcomes[request.key] == nil && seen.insert(request.key).inserted {
      pending.append(request)
    }
    var done = requests.count - pending.count
    report(activity, done: done, total: requests.count, unit: "trainings")
    let (cancellation, cache, context) = (cancellation, cache, context)
    let lookAhead = max(space.evolution.lookAhead, trainers.count)
    try trainers.mapInOrder(pending, lookAhead: lookAhead) { evaluator, request in
      try Self.train(request, with: evaluator, cache: cache, context: context, cancellation: cancellation)
    } commit: { index, result in
      let request = pending[index]
      try store.commit(
        RunStep(scores: [
          ScoreRecord(
            key: request.key, purpose: request.purpose.rawValue, seed: request.seed, outcome: result.outcome,
            seconds: result.seconds)
        ]))
      outcomes[request.key] = result.outcome
      done += 1
      report(activity, done: done, total: requests.count, unit: "trainings")
    }
    return requests.compactMap { outcomes[$0.key] }
  }

  /// One training on a worker's thread. A cache that fails is as good as none: the training is done.
  private static func train(
    _ request: TrainingRequest, with evaluator: Source.Evaluator, cache: ScoreCache?, context: String,
    cancellation: Cancellation
  ) throws -> (outcome: ScoreOutcome, seconds: Double) {
    if cancellation.isRequested { throw Interrupted() }
    if let cache, let known = try? cache.outcome(context: context, key: request.key) { return (known, 0) }
    let start = ProcessInfo.processInfo.systemUptime
    let outcome = try evaluator.evaluate(request) { cancellation.isRequested }
    let seconds = ProcessInfo.processInfo.systemUptime - start
    try? cache?.remember(outcome, context: context, key: request.key)
    return (outcome, seconds)
  }

  /// The yardstick of the run: the default losses on D_verify and on the proxy, once.
  func measureBaselines() throws {
    let requests = [TrainingPurpose.simulate, .proxy].map {
      TrainingRequest(losses: defaultLosses, purpose: $0, seed: seed($0))
    }
    for (request, outcome) in zip(requests, try train(requests, activity: "default losses")) {
      if case .diverged(let step) = outcome {
        throw SearchError.baselineDiverged(
          losses: "\(request.losses.classification) + \(request.losses.regression)", step: step)
      }
    }
    if try store.latestGeneration() == nil { try store.commit(RunStep(generation: try state.record())) }
  }

  /// What the default losses reached in one kind of training; nil before it was measured.
  func baseline(_ purpose: TrainingPurpose, _ metric: ScoreMetric) -> Double? {
    outcomes[TrainingRequest(losses: defaultLosses, purpose: purpose, seed: seed(purpose)).key]?.value(metric)
  }
}

extension ScoreOutcome {
  /// The metric's value; nil after divergence.
  public func value(_ metric: ScoreMetric) -> Double? {
    guard case .scored(let ap, let ap50, let ap75) = self else { return nil }
    return switch metric {
    case .ap: ap
    case .ap50: ap50
    case .ap75: ap75
    }
  }
}
