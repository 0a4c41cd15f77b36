/// Numbers that a worker writes and reads again and again; memory grows to the largest count asked for and stays.
public final class WorkingMemory<Element: BitwiseCopyable> {
  private var memory = UnsafeMutablePointer<Element>.allocate(capacity: 1)
  private var capacity = 1

  public init() {}

  /// Room for `count` numbers, which hold anything; what was reserved before is no longer valid where it grows.
  public func reserve(_ count: Int) -> UnsafeMutablePointer<Element> {
    if count > capacity {
      memory.deallocate()
      (memory, capacity) = (.allocate(capacity: count), count)
    }
    return memory
  }

  deinit { memory.deallocate() }
}
