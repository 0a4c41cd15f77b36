/// Makes the canonical forms of many formulas, and remembers how their parts were rewritten, since small parts occur again
/// and again. The results are those of `CanonicalForm(_:in:)`, in any order of formulas. For one thread at a time.
public final class Canonicalizer {
  /// For each mode, first where slopes may be dropped, then where not.
  private var memories = Mode.allCases.flatMap { mode in
    [true, false].map { CanonicalMemory(mode, mayDropSlopes: $0) }
  }

  public init() {}

  /// The canonical form, as `CanonicalForm(_:in:)` makes it.
  public func canonicalForm(_ formula: Formula, in mode: Mode) -> CanonicalForm {
    guard CanonicalForm.isRewritten(formula, in: mode) else { return CanonicalForm(formula, applied: CanonicalRules()) }
    return rewritten(formula, in: mode)
  }

  /// The same for a formula that is known to be one of the mode.
  package func canonicalForm(ofChecked formula: Formula, in mode: Mode) -> CanonicalForm {
    guard CanonicalForm.isSmall(formula) else {
      return CanonicalForm(formula, applied: CanonicalRules())
    }
    return rewritten(formula, in: mode)
  }

  /// A number that is the same for equal canonical forms, made without the form where that can be.
  package func canonicalHash(ofChecked formula: Formula, in mode: Mode) -> UInt64 {
    guard CanonicalForm.isSmall(formula) else { return formula.orderHash }
    return switch memories[Self.place(of: mode)].hash(of: formula) {
    case .made(let hash): hash
    case .hasInfiniteSlope: rewrittenWithSlopes(formula, in: mode).formula.orderHash
    case .undecided: CanonicalForm(formula, in: mode).formula.orderHash
    }
  }

  private func rewritten(_ formula: Formula, in mode: Mode) -> CanonicalForm {
    switch memories[Self.place(of: mode)].form(of: formula) {
    case .made(let form): form
    case .hasInfiniteSlope: rewrittenWithSlopes(formula, in: mode)
    case .undecided: CanonicalForm(formula, in: mode)
    }
  }

  private func rewrittenWithSlopes(_ formula: Formula, in mode: Mode) -> CanonicalForm {
    switch memories[Self.place(of: mode) + 1].form(of: formula) {
    case .made(let form): form
    case .hasInfiniteSlope, .undecided: CanonicalForm(formula, in: mode)
    }
  }

  private static func place(of mode: Mode) -> Int {
    switch mode {
    case .multiClass: 0
    case .binaryClass: 2
    case .regression: 4
    }
  }
}

/// One writer for many formulas, and what each node over written children became.
struct CanonicalMemory {
  enum Answer<Made> {
    case made(Made)
    /// Slopes must not be dropped: ask the writer that does not.
    case hasInfiniteSlope
    /// Ask a fresh writer: a node can be taken apart in two ways, and the formula's own order decides; or one pass is not
    /// enough.
    case undecided
  }

  /// A node that was written before. The key is 0 where there is none.
  private struct Written {
    var key: UInt64 = 0
    var place: Int32 = 0
    var hasInfiniteSlope = false
    var hasRankZero = false
    var applied = CanonicalRules()
  }

  private var writer: CanonicalWriter
  private var collector = FormulaCollector()
  /// Open addressing, at most half of the slots taken.
  private var written: [Written] = []
  private var count = 0
  private var places: [Int] = []

  private static let slotCount = 1 << 12
  /// Beyond this the memory starts anew, so that it stays in the caches.
  private static let nodeLimit = 1 << 11

  init(_ mode: Mode, mayDropSlopes: Bool) {
    writer = CanonicalWriter(mode, mayDropSlopes: mayDropSlopes)
  }

  mutating func form(of formula: Formula) -> Answer<CanonicalForm> {
    var applied = CanonicalRules()
    switch write(formula, &applied) {
    case .hasInfiniteSlope: return .hasInfiniteSlope
    case .undecided: return .undecided
    case .made(let root):
      let written = collector.formula(below: root, of: writer.table.nodes)
      // Where an infinite slope cancelled, what is left is written anew.
      if !writer.mayDropSlopes, writer.lostRoot(of: formula, at: places, in: written) { return .undecided }
      return written.isReadable ? .made(CanonicalForm(written, applied: applied)) : .undecided
    }
  }

  /// `Formula.orderHash` of the form, where the writer drops slopes.
  mutating func hash(of formula: Formula) -> Answer<UInt64> {
    var applied = CanonicalRules()
    switch write(formula, &applied) {
    case .hasInfiniteSlope: return .hasInfiniteSlope
    case .undecided: return .undecided
    case .made(let root):
      let order = writer.order(root)
      // A tree of few nodes is not deep, so the form can be read.
      return order.size <= Formula.maximumDepth ? .made(order.hash) : .undecided
    }
  }

  /// Writes a formula; the place of its root.
  private mutating func write(_ formula: Formula, _ applied: inout CanonicalRules) -> Answer<Int> {
    if written.isEmpty { written = Array(repeating: Written(), count: Self.slotCount) }
    if writer.table.nodes.count > Self.nodeLimit || 4 * count > Self.slotCount { forget() }
    places.removeAll(keepingCapacity: true)
    for node in formula.nodes {
      let moved = node.mapChildren { places[$0] }
      guard let key = Self.key(of: moved) else {
        places.append(writer.write(moved))
        continue
      }
      let found = known(key, moved)
      applied.formUnion(found.applied)
      if writer.isAmbiguous || writer.leavesDouble { break }
      if found.hasRankZero { return .undecided }
      if found.hasInfiniteSlope, writer.mayDropSlopes { return .hasInfiniteSlope }
      places.append(Int(found.place))
    }
    if writer.isAmbiguous || writer.leavesDouble {
      forget()
      return .undecided
    }
    return .made(places[formula.root])
  }

  /// What a node over written children became, from memory or from the writer.
  private mutating func known(_ key: UInt64, _ node: Node) -> Written {
    var slot = Int(truncatingIfNeeded: (key ^ key >> 31) &* 0x9e37_79b9_7f4a_7c15 >> 40) & (Self.slotCount - 1)
    while written[slot].key != key {
      if written[slot].key == 0 {
        writer.applied = CanonicalRules()
        writer.hasInfiniteSlope = false
        writer.hasRankZero = false
        let place = writer.write(node)
        written[slot] = Written(
          key: key, place: Int32(truncatingIfNeeded: place), hasInfiniteSlope: writer.hasInfiniteSlope,
          hasRankZero: writer.hasRankZero, applied: writer.applied)
        count += 1
        return written[slot]
      }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
    return written[slot]
  }

  private mutating func forget() {
    writer.forget()
    for slot in written.indices { written[slot].key = 0 }
    count = 0
  }

  /// Nil for leaves. The limits of nodes leave room for both children.
  private static func key(of node: Node) -> UInt64? {
    switch node {
    case .variable, .constant: nil
    case .unary(let primitive, let child): UInt64(primitive.code) << 56 | UInt64(child)
    case .binary(let primitive, let left, let right):
      UInt64(primitive.code) << 56 | UInt64(left) << 28 | UInt64(right)
    }
  }
}
