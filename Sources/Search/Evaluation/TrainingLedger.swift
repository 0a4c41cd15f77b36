import Foundation
import RunStore

/// The trainings of a run in submission order, each committed as it is used, none done twice.
final class TrainingLedger<Source: EvaluatorSource> {
  typealias Request = Source.Evaluator.Request

  private let store: RunStore
  private let cache: ScoreCache?
  private let context: String
  private let trainers: WorkerPool<Source.Evaluator>
  private let cancellation: Cancellation
  /// Every outcome of this run by the key of its request.
  private(set) var outcomes: [String: ScoreOutcome]

  /// - Parameters:
  ///   - workers: threads; they change how long a run takes, never what it finds.
  ///   - cache: scores of earlier runs, or nil.
  init(
    store: RunStore, source: Source, workers: Int, cache: ScoreCache?, cancellation: Cancellation
  ) throws {
    (self.store, self.cache, self.cancellation) = (store, cache, cancellation)
    context = source.context
    trainers = WorkerPool(count: workers) { try source.makeEvaluator() }
    outcomes = try store.scores().mapValues(\.outcome)
  }

  /// The outcome of a request of this run; nil before it was trained.
  func outcome(_ request: Request) -> ScoreOutcome? { outcomes[request.key] }

  /// The outcomes of the requests, in their order: from this run, from the cache, or trained now.
  ///
  /// - Parameters:
  ///   - lookAhead: trainings that may be under way before the first of them is committed.
  ///   - report: told how many of the requests are done, before the first training and after each.
  func train(_ requests: [Request], lookAhead: Int, report: (_ done: Int) -> Void) throws -> [ScoreOutcome] {
    var pending: [Request] = []
    var seen: Set<String> = []
    for request in requests where outcomes[request.key] == nil && seen.insert(request.key).inserted {
      pending.append(request)
    }
    var done = requests.count - pending.count
    report(done)
    let (cancellation, cache, context) = (cancellation, cache, context)
    try trainers.mapInOrder(pending, lookAhead: max(lookAhead, trainers.count)) { evaluator, request in
      try Self.train(request, with: evaluator, cache: cache, context: context, cancellation: cancellation)
    } commit: { index, result in
      let request = pending[index]
      try store.commit(
        RunStep(scores: [
          ScoreRecord(
            key: request.key, purpose: request.purposeName, seed: request.seed, outcome: result.outcome,
            seconds: result.seconds)
        ]))
      outcomes[request.key] = result.outcome
      done += 1
      report(done)
    }
    return requests.compactMap { outcomes[$0.key] }
  }

  /// One training on a worker's thread. A cache that fails is as good as none: the training is done.
  private static func train(
    _ request: Request, with evaluator: Source.Evaluator, cache: ScoreCache?, context: String,
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
}
