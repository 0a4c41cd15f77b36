/// Float memory that starts at a 64-byte boundary (one cache line, one AVX-512 register) and lives as long as this object.
///
/// Not Sendable: one thread owns it. The memory starts as zeros.
public final class AlignedBuffer {
  public let pointer: UnsafeMutablePointer<Float>
  public let count: Int
  private let raw: UnsafeMutableRawPointer

  /// `count` zeros; a count of 0 still owns one cache line, so that the pointer is always valid.
  public init(count: Int) {
    self.count = count
    let bytes = max(64, (count * MemoryLayout<Float>.stride + 63) / 64 * 64)
    raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    pointer = raw.assumingMemoryBound(to: Float.self)
  }

  public convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { raw.deallocate() }

  /// All elements.
  public var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  /// A copy of all elements.
  public var array: [Float] { Array(elements) }
}
