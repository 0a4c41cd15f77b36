import Foundation
import Search
import Testing

/// Threads keep to the order of submission, whatever they do.
@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 7]) func resultsComeInTheOrderOfSubmission(workers: Int) throws {
    let pool = WorkerPool(count: workers) { 0 }
    for lookAhead in [1, 3, 100] {
      var results: [Int] = []
      try pool.mapInOrder(Array(0..<40), lookAhead: lookAhead) { _, job in
        // Later jobs are quicker, so that the order of completion is another one.
        Thread.sleep(forTimeInterval: Double((40 - job) % 5) * 0.0005)
        return job * job
      } commit: { index, value in
        #expect(index == results.count)
        results.append(value)
      }
      #expect(results == (0..<40).map { $0 * $0 }, "look-ahead \(lookAhead)")
    }
  }

  @Test func eachThreadKeepsItsOwnWorker() throws {
    final class Worker { let name = UUID() }
    let pool = WorkerPool(count: 3) { Worker() }
    var names: Set<UUID> = []
    try pool.mapInOrder(Array(0..<60), lookAhead: 60) { worker, _ in
      worker.name
    } commit: {
      names.insert($1)
    }
    #expect((1...3).contains(names.count))
  }

  @Test func anErrorEndsTheCallAfterWhatCameBefore() throws {
    struct Fault: Error {}
    let pool = WorkerPool(count: 2) { 0 }
    var committed: [Int] = []
    #expect(throws: Fault.self) {
      try pool.mapInOrder(Array(0..<20), lookAhead: 4) { _, job in
        if job == 7 { throw Fault() }
        return job
      } commit: {
        committed.append($1)
      }
    }
    #expect(committed == Array(0..<7))
    // The pool is still of use.
    try pool.mapInOrder([1], lookAhead: 1) { _, job in
      job
    } commit: {
      committed.append($1)
    }
    #expect(committed.last == 1)
  }

  @Test func aWorkerThatCannotBeMadeIsAnError() {
    struct NoWorker: Error {}
    let pool = WorkerPool<Int>(count: 2) { throw NoWorker() }
    #expect(throws: NoWorker.self) {
      try pool.mapInOrder([1, 2, 3], lookAhead: 2) { worker, job in
        worker + job
      } commit: { _, _ in
      }
    }
  }
}
