/// Makes the canonical forms of many formulas, and remembers how their parts were rewritten, since small parts occur again
/// and again. The results are those of `CanonicalForm(_:in:)`, in any order of formulas. For one thread at a time.
public final class Canonicalizer {
  /// For each mode, first where slopes may be dropped, then where not.
  private var memories: [CanonicalMemory?]

  public init() {
    memories = Array(repeating: nil, count: 2 * Mode.allCases.count)
  }

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

  private func rewritten(_ formula: Formula, in mode: Mode) -> CanonicalForm {
    let first = 2 * Self.place(of: mode)
    for memory in first...(first + 1) {
      if memories[memory] == nil { memories[memory] = CanonicalMemory(mode, mayDropSlopes: memory == first) }
      switch memories[memory]?.form(of: formula) {
      case .form(let form): return form
      case .hasInfiniteSlope: continue
      case .undecided, nil: return CanonicalForm(formula, in: mode)
      }
    }
    return CanonicalForm(formula, in: mode)
  }

  private static func place(of mode: Mode) -> Int {
    switch mode {
    case .multiClass: 0
    case .binaryClass: 1
    case .regression: 2
    }
  }
}

/// One writer for many formulas, and what each node over written children became.
struct CanonicalMemory {
  enum Answer {
    case form(CanonicalForm)
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
  private var written = [Written](repeating: Written(), count: Self.slotCount)
  private var count = 0
  private var places: [Int] = []

  private static let slotCount = 1 << 12
  /// Beyond this the memory starts anew, so that it stays in the caches.
  private static let nodeLimit = 1 << 11

  init(_ mode: Mode, mayDropSlopes: Bool) {
    writer = CanonicalWriter(mode, mayDropSlopes: mayDropSlopes)
  }

  mutating func form(of formula: Formula) -> Answer {
    if writer.table.nodes.count > Self.nodeLimit || 4 * count > Self.slotCount { forget() }
    var applied = CanonicalRules()
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
    let root = places[formula.root]
    let written = collector.formula(below: root, of: writer.table.nodes)
    // Where an infinite slope cancelled, what is left is written anew.
    if !writer.mayDropSlopes, writer.lostRoot(of: formula, at: places, in: written) { return .undecided }
    return written.isReadable ? .form(CanonicalForm(written, applied: applied)) : .undecided
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
