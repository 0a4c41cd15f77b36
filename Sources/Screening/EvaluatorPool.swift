import Foundation

/// Evaluators that wait for the next formula, so that any thread finds one with its room already made.
final class EvaluatorPool: @unchecked Sendable {  // guarded by the lock
  private let batches: [ProbeBatch]
  private let lock = NSLock()
  private var waiting: [ScreenEvaluator] = []

  init(for batches: [ProbeBatch]) { self.batches = batches }

  func make() -> ScreenEvaluator { ScreenEvaluator(for: batches) }

  /// One for the caller alone, until it is put back.
  func take() -> ScreenEvaluator {
    lock.lock()
    let found = waiting.popLast()
    lock.unlock()
    return found ?? make()
  }

  func put(_ evaluator: ScreenEvaluator) {
    lock.lock()
    waiting.append(evaluator)
    lock.unlock()
  }
}
