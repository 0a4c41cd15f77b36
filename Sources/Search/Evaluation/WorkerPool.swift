import Foundation

/// Threads that each own one worker for as long as the pool lives, such as a detector with its buffers.
///
/// Results are handed back in the order of submission, so that nothing downstream can tell how many threads there were.
/// A thread stays one thread: the numeric libraries keep state by thread.
public final class WorkerPool<Worker>: Sendable {
  private let queue: JobQueue<Worker>
  /// How many threads serve the pool.
  public let count: Int

  /// Starts the threads; each makes its worker when it gets its first job.
  public init(count: Int, makeWorker: @escaping @Sendable () throws -> Worker) {
    self.count = max(1, count)
    let queue = JobQueue<Worker>()
    self.queue = queue
    for _ in 0..<self.count {
      let thread = Thread { Self.serve(queue, makeWorker) }
      thread.stackSize = 16 << 20
      thread.start()
    }
  }

  deinit { queue.close() }

  /// Runs `work` on every job and calls `commit` on the calling thread, in the order of the jobs.
  ///
  /// At most `lookAhead` jobs are submitted and not yet committed. An error of `work` or `commit` ends the call after the
  /// jobs under way have ended; what was committed stays committed.
  public func mapInOrder<Job: Sendable, Output: Sendable>(
    _ jobs: [Job], lookAhead: Int, work: @escaping @Sendable (Worker, Job) throws -> Output,
    commit: (Int, Output) throws -> Void
  ) throws {
    let results = ResultBox<Output>()
    var submitted = 0
    defer { results.wait(for: submitted) }
    for next in jobs.indices {
      while submitted < jobs.count, submitted - next < max(1, lookAhead) {
        let (index, job) = (submitted, jobs[submitted])
        queue.add { worker in
          results.put(index, Result { try work(try worker.get(), job) })
        }
        submitted += 1
      }
      try commit(next, try results.take(next).get())
    }
  }

  private static func serve(_ queue: JobQueue<Worker>, _ makeWorker: () throws -> Worker) {
    var made: Result<Worker, any Error>?
    while let job = queue.next() {
      let worker = made ?? Result { try makeWorker() }
      made = worker
      job(worker)
    }
  }
}

/// Jobs waiting for a thread; guarded by its condition.
private final class JobQueue<Worker>: @unchecked Sendable {
  typealias Job = @Sendable (Result<Worker, any Error>) -> Void
  private let condition = NSCondition()
  private var jobs: [Job] = []
  private var isClosed = false

  func add(_ job: @escaping Job) {
    condition.lock()
    jobs.append(job)
    condition.signal()
    condition.unlock()
  }

  /// The next job, waiting for it; nil once the queue is closed and empty.
  func next() -> Job? {
    condition.lock()
    defer { condition.unlock() }
    while jobs.isEmpty, !isClosed { condition.wait() }
    return jobs.isEmpty ? nil : jobs.removeFirst()
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }
}

/// Results by the number of their job; guarded by its condition.
private final class ResultBox<Output: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var results: [Int: Result<Output, any Error>] = [:]
  private var finished = 0

  func put(_ index: Int, _ result: Result<Output, any Error>) {
    condition.lock()
    results[index] = result
    finished += 1
    condition.broadcast()
    condition.unlock()
  }

  func take(_ index: Int) -> Result<Output, any Error> {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let result = results.removeValue(forKey: index) { return result }
      condition.wait()
    }
  }

  /// Waits until this many jobs have ended, however they ended.
  func wait(for count: Int) {
    condition.lock()
    defer { condition.unlock() }
    while finished < count { condition.wait() }
  }
}
