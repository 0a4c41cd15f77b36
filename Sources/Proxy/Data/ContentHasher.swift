/// A streaming hash of 128 bits that is the same on every machine: it names data and keys caches; not for cryptography.
///
/// Two lanes, each multiply-xor-shift over 64-bit little-endian words, ended by the SplitMix64 finaliser.
public struct ContentHasher: Sendable {
  private var first: UInt64 = 0x9ae1_6a3b_2f90_404f
  private var second: UInt64 = 0xc3a5_c85c_97cb_3127

  public init() {}

  public mutating func combine(_ word: UInt64) {
    first = (first ^ word) &* 0x9fb2_1c65_1e98_df25
    first ^= first >> 32
    second = (second &+ word) &* 0xd6e8_feb8_6659_fd93
    second ^= second >> 29
  }

  public mutating func combine(_ value: Int) { combine(UInt64(bitPattern: Int64(value))) }

  /// By bit pattern, so that 0 and −0 differ.
  public mutating func combine(_ value: Double) { combine(value.bitPattern) }

  public mutating func combine(_ text: String) { combine(bytes: Array(text.utf8)) }

  /// Length first, then the bytes in words of eight, the last filled with zeros.
  public mutating func combine(bytes: [UInt8]) {
    bytes.withUnsafeBytes { combine(bytes: $0) }
  }

  public mutating func combine(bytes: UnsafeRawBufferPointer) {
    combine(bytes.count)
    let whole = bytes.count & ~7
    for offset in stride(from: 0, to: whole, by: 8) {
      combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    var last: UInt64 = 0
    for offset in whole..<bytes.count { last |= UInt64(bytes[offset]) << UInt64(8 * (offset - whole)) }
    if whole < bytes.count { combine(last) }
  }

  /// Both lanes, mixed.
  public var words: (UInt64, UInt64) {
    (Self.finalize(first ^ second &* 0x9e37_79b9_7f4a_7c15), Self.finalize(second &+ first))
  }

  /// 32 lower-case hexadecimal digits.
  public var hexadecimal: String {
    let (high, low) = words
    return Self.digits(high) + Self.digits(low)
  }

  private static func finalize(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  private static func digits(_ word: UInt64) -> String {
    let text = String(word, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
