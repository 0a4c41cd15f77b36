import Synchronization

/// A request to stop that every thread of a run can see; once made it stays.
public final class Cancellation: Sendable {
  private let flag = Atomic(false)

  public init() {}

  public var isRequested: Bool { flag.load(ordering: .relaxed) }

  public func request() { flag.store(true, ordering: .relaxed) }
}

/// Thrown where work ends because of a `Cancellation`; everything finished before is kept.
public struct Interrupted: Error, Sendable, Hashable, CustomStringConvertible {
  public init() {}

  public var description: String { "interrupted; everything up to here is kept, go on with --resume" }
}
