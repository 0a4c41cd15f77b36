/// A small, fast, explicitly seeded random generator: xoshiro256** (Blackman and Vigna, 2018), state filled by SplitMix64.
///
/// The same seed gives the same numbers on every machine. The state is `Codable`, so that a run that was
/// killed goes on with the very next number. Not for cryptography.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Hashable, Codable {
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  public init(seed: UInt64) {
    var mixer = SplitMix64(state: seed)
    (s0, s1, s2, s3) = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// An independent stream for one purpose: streams of the same seed with different names or indices do not
  /// overlap in practice, and a stream does not depend on how often any other was used.
  public init(seed: UInt64, stream name: String, index: UInt64 = 0) {
    self.init(seed: Self.derive(seed: seed, stream: name, index: index))
  }

  /// The 64-bit seed of a named stream: FNV-1a over the name, then mixed with seed and index.
  public static func derive(seed: UInt64, stream name: String, index: UInt64 = 0) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    var mixer = SplitMix64(state: seed ^ hash)
    let first = mixer.next()
    mixer = SplitMix64(state: first ^ index)
    return mixer.next()
  }

  public mutating func next() -> UInt64 {
    let result = ((s1 &* 5) << 7 | (s1 &* 5) >> 57) &* 9
    let t = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = s3 << 45 | s3 >> 19
    return result
  }
}

/// SplitMix64 (Steele, Lea, Flood, 2014): turns any seed, 0 included, into well mixed 64-bit words.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
