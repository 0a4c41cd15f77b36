/// The order of factors and terms: numbers before variables before the rest, small before large; the same for equal parts
/// of any formula.
struct CanonicalOrder: Comparable {
  /// 0 for numbers, 1 for variables, 2 for the rest.
  let kind: UInt8
  /// The size of the tree; stays at the largest number. For a variable, which one.
  let size: UInt32
  let hash: UInt64

  static func < (left: CanonicalOrder, right: CanonicalOrder) -> Bool {
    if left.kind != right.kind { return left.kind < right.kind }
    if left.size != right.size { return left.size < right.size }
    return left.hash < right.hash
  }

  init(_ value: Double) { (kind, size, hash) = (0, 1, Self.mix(1, value.bitPattern)) }

  init(_ variable: Variable) {
    let index = variable.index
    (kind, size, hash) = (1, 1 + UInt32(truncatingIfNeeded: index), Self.mix(2, UInt64(index)))
  }

  init(_ primitive: Primitive, _ child: CanonicalOrder) {
    (kind, size) = (2, Self.sum(1, child.ownSize))
    hash = Self.mix(UInt64(primitive.code) + 3, child.hash)
  }

  init(_ primitive: Primitive, _ left: CanonicalOrder, _ right: CanonicalOrder) {
    (kind, size) = (2, Self.sum(Self.sum(1, left.ownSize), right.ownSize))
    hash = Self.mix(Self.mix(UInt64(primitive.code) + 3, left.hash), right.hash)
  }

  private var ownSize: UInt32 { kind == 1 ? 1 : size }

  private static func sum(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  /// A hash that is the same in every run (the mixing steps of SplitMix64).
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var z = (a &* 0x9e37_79b9_7f4a_7c15) ^ (b &+ 0x632b_e59b_d9b4_e019)
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
