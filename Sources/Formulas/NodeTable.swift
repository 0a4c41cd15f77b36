/// Nodes stored once each, found again by a hash table; children before parents.
struct NodeTable: Sendable {
  private(set) var nodes: [Node] = []
  /// Open addressing: the place of a node, or −1. A power of two of slots, at most half of them taken.
  private var slots: [Int32] = []

  init() {}

  subscript(place: Int) -> Node { nodes[place] }

  /// Room for so many nodes without growing.
  init(capacity: Int) {
    nodes.reserveCapacity(capacity)
    slots = Self.empty(forNodes: capacity)
  }

  /// Forgets the nodes and keeps the room.
  mutating func removeAll() {
    nodes.removeAll(keepingCapacity: true)
    for slot in slots.indices { slots[slot] = -1 }
  }

  /// The index of a node whose children are indices of this table; −0 is stored as 0.
  mutating func insert(_ node: Node) -> Int {
    var node = node
    if case .constant(0) = node { node = .constant(0) }
    if 2 * nodes.count >= slots.count { grow() }
    let mask = slots.count - 1
    var slot = Self.slot(of: node, mask)
    while slots[slot] >= 0 {
      let place = Int(slots[slot])
      if Self.areSame(nodes[place], node) { return place }
      slot = (slot + 1) & mask
    }
    precondition(node.childrenPrecede(nodes.count), "a child comes before its parent")
    slots[slot] = Int32(truncatingIfNeeded: nodes.count)
    nodes.append(node)
    return nodes.count - 1
  }

  private mutating func grow() {
    slots = Self.empty(forNodes: max(8, 2 * nodes.count))
    let mask = slots.count - 1
    for (place, node) in nodes.enumerated() {
      var slot = Self.slot(of: node, mask)
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(truncatingIfNeeded: place)
    }
  }

  private static func empty(forNodes count: Int) -> [Int32] {
    var size = 16
    while size < 2 * (count + 1) { size *= 2 }
    return [Int32](repeating: -1, count: size)
  }

  private static func slot(of node: Node, _ mask: Int) -> Int {
    let word = node.word
    let mixed = (word ^ word >> 29) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 32) & mask
  }

  private static func areSame(_ one: Node, _ other: Node) -> Bool {
    switch (one, other) {
    case (.variable(let a), .variable(let b)): a == b
    case (.constant(let a), .constant(let b)): a == b
    case (.unary(let p, let a), .unary(let q, let b)): a == b && p == q
    case (.binary(let p, let a, let c), .binary(let q, let b, let d)): a == b && c == d && p == q
    case (.variable, _), (.constant, _), (.unary, _), (.binary, _): false
    }
  }
}

/// Collects the part of a table below one node as a formula; keeps its room between calls.
struct FormulaCollector: Sendable {
  private var renumbered: [Int32] = []
  private var visited: [Int32] = []
  private var pending: [Int32] = []

  /// The formula below a node, its nodes in the order of the first visit, left before right.
  mutating func formula(below root: Int, of nodes: [Node]) -> Formula {
    if renumbered.count < nodes.count {
      renumbered += [Int32](repeating: -1, count: nodes.count - renumbered.count)
    }
    pending.append(Int32(truncatingIfNeeded: root))
    var order: [Node] = []
    order.reserveCapacity(min(nodes.count, 16))
    while let last = pending.last {
      let index = Int(last)
      if renumbered[index] < 0 {
        switch nodes[index] {
        case .variable, .constant: order.append(nodes[index])
        case .unary(let primitive, let child):
          guard renumbered[child] >= 0 else {
            pending.append(Int32(truncatingIfNeeded: child))
            continue
          }
          order.append(.unary(primitive, Int(renumbered[child])))
        case .binary(let primitive, let left, let right):
          guard renumbered[left] >= 0 else {
            pending.append(Int32(truncatingIfNeeded: left))
            continue
          }
          guard renumbered[right] >= 0 else {
            pending.append(Int32(truncatingIfNeeded: right))
            continue
          }
          order.append(.binary(primitive, Int(renumbered[left]), Int(renumbered[right])))
        }
        renumbered[index] = Int32(truncatingIfNeeded: order.count - 1)
        visited.append(last)
      }
      pending.removeLast()
    }
    for index in visited { renumbered[Int(index)] = -1 }
    visited.removeAll(keepingCapacity: true)
    return Formula(orderedNodes: order)
  }
}

extension Node {
  /// Primitive and children, or the leaf, in one word; different for different nodes of a formula, but for leaves that happen
  /// to look like others.
  var word: UInt64 {
    switch self {
    case .variable(let variable): UInt64(variable.index) + 1
    case .constant(let value): value.bitPattern ^ 0x2545_f491_4f6c_dd1d
    case .unary(let primitive, let child): UInt64(primitive.code) << 56 ^ UInt64(child)
    case .binary(let primitive, let left, let right):
      UInt64(primitive.code) << 56 ^ UInt64(left) << 28 ^ UInt64(right)
    }
  }

  /// Whether all children have indices below a limit.
  fileprivate func childrenPrecede(_ limit: Int) -> Bool {
    switch self {
    case .variable, .constant: true
    case .unary(_, let child): child >= 0 && child < limit
    case .binary(_, let left, let right): left >= 0 && left < limit && right >= 0 && right < limit
    }
  }
}
