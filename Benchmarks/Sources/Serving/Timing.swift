import CAllocations

/// How long some evaluations took and what they asked of the allocator.
public struct Timing: Encodable {
  /// Seconds for one evaluation, each the mean of a batch.
  public let seconds: [Double]
  /// Calls of the allocator by this thread in all of them; -1 where they cannot be counted.
  public let allocations: Int64

  /// Runs `body` in `count` batches; it gets the number of the evaluation.
  public init(count: Int, batch: Int, _ body: (Int) -> Void) {
    var seconds: [Double] = []
    seconds.reserveCapacity(count)
    let clock = ContinuousClock()
    let before = allocations_count()
    var number = 0
    for _ in 0..<count {
      let start = clock.now
      for _ in 0..<batch {
        body(number)
        number += 1
      }
      seconds.append((clock.now - start).seconds / Double(batch))
    }
    allocations = before < 0 ? -1 : allocations_count() - before
    self.seconds = seconds
  }
}

extension Duration {
  /// The same time as a number of seconds.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
