import Dispatch
import Foundation

/// Work on numbered items, shared among threads; each thread takes a worker of its own, and the next chunk when it is done.
struct Share: Sendable {
  private let count: Int
  private let threads: Int
  private static let chunk = 128

  init(_ count: Int, among threads: Int) {
    self.count = count
    self.threads = max(1, min(threads, (count + Self.chunk - 1) / Self.chunk))
  }

  /// The results in the order of the items.
  func map<Output>(_ work: @Sendable (Int) -> Output) -> [Output] {
    map(WaitingPool {}) { index, _ in work(index) }
  }

  /// The results in the order of the items, by workers of a pool.
  func map<Worker, Output>(_ pool: WaitingPool<Worker>, _ work: @Sendable (Int, Worker) -> Output) -> [Output] {
    guard threads > 1 else {
      let own = pool.take()
      defer { pool.put(own) }
      return (0..<count).map { work($0, own) }
    }
    return [Output](unsafeUninitializedCapacity: count) { buffer, initialized in
      // Every place is written by the one thread that took its chunk.
      nonisolated(unsafe) let places = buffer
      let next = Counter()
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        let own = pool.take()
        defer { pool.put(own) }
        while true {
          let start = next.take(Self.chunk)
          guard start < count else { return }
          for index in start..<min(start + Self.chunk, count) {
            places.initializeElement(at: index, to: work(index, own))
          }
        }
      }
      initialized = count
    }
  }

  /// Numbers given out once each.
  private final class Counter: @unchecked Sendable {  // guarded by the lock
    private let lock = NSLock()
    private var next = 0

    func take(_ count: Int) -> Int {
      lock.lock()
      defer { lock.unlock() }
      next += count
      return next - count
    }
  }
}
