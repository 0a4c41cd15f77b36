import Foundation

/// Workers that wait for the next use, so that any thread finds one with its room already made.
final class WaitingPool<Worker>: @unchecked Sendable {  // guarded by the lock
  private let make: @Sendable () -> Worker
  private let lock = NSLock()
  private var waiting: [Worker] = []

  init(_ make: @escaping @Sendable () -> Worker) { self.make = make }

  /// One for the caller alone, until it is put back.
  func take() -> Worker {
    lock.lock()
    let found = waiting.popLast()
    lock.unlock()
    return found ?? make()
  }

  func put(_ worker: Worker) {
    lock.lock()
    waiting.append(worker)
    lock.unlock()
  }
}
