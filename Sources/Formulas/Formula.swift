/// A loss candidate: a value, a small directed acyclic graph kept in one flat array.
///
/// Children stand before parents, the root is last, equal nodes are stored once, and the order is that of the first
/// visit in a walk from the root (left before right). So two formulas are equal exactly when they print alike.
public struct Formula: Hashable, Sendable {
  /// The distinct nodes, children before parents, the root last; never empty.
  public let nodes: [Node]

  /// For `FormulaBuilder`, which keeps the rules above.
  init(orderedNodes: [Node]) {
    nodes = orderedNodes
  }

  /// The index of the root.
  public var root: Int { nodes.count - 1 }

  /// The number of distinct nodes (shared parts count once).
  public var nodeCount: Int { nodes.count }

  /// The number of nodes of the formula written out as a tree; stays at `Int.max` where that overflows.
  public var treeSize: Int { treeSizes[root] }

  /// The size of the tree below every node, itself included.
  public var treeSizes: [Int] {
    var sizes: [Int] = []
    sizes.reserveCapacity(nodes.count)
    for node in nodes {
      switch node {
      case .variable, .constant: sizes.append(1)
      case .unary(_, let child): sizes.append(Self.sum(sizes[child], 1))
      case .binary(_, let left, let right): sizes.append(Self.sum(Self.sum(sizes[left], sizes[right]), 1))
      }
    }
    return sizes
  }

  /// The sum, or `Int.max` where it overflows.
  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  /// The number of edges on the longest way from the root to a leaf; 0 for a lone variable.
  public var depth: Int { heights[root] }

  /// The number of edges on the longest way down from every node.
  public var heights: [Int] {
    var heights: [Int] = []
    heights.reserveCapacity(nodes.count)
    for node in nodes {
      heights.append(node.children.reduce(0) { max($0, heights[$1] + 1) })
    }
    return heights
  }

  /// The variables that occur, in the order of `Variable.allCases`.
  public var variables: [Variable] {
    Variable.allCases.filter { nodes.contains(.variable($0)) }
  }

  /// Whether the formula is one number and nothing else: it parses, but it is no function of anything.
  public var isBareLiteral: Bool {
    if case .constant = nodes[root] { return true }
    return false
  }

  /// Whether a variable that depends on the prediction occurs.
  public func mentionsPrediction(in mode: Mode) -> Bool {
    for node in nodes {
      if case .variable(let variable) = node, mode.isDifferentiable(variable) { return true }
    }
    return false
  }

  /// The part of the formula at and below a node.
  public func subformula(at index: Int) -> Formula {
    var builder = FormulaBuilder()
    let copied = builder.insert(self)
    return builder.build(root: copied[index])
  }

  /// The formula with a node, wherever it is used, replaced by another formula.
  ///
  /// Nothing but the replaced place changes; parts that no longer occur are dropped.
  public func replacing(node index: Int, with other: Formula) -> Formula {
    var builder = FormulaBuilder()
    let inserted = builder.insert(other)[other.root]
    var places: [Int] = []
    places.reserveCapacity(nodes.count)
    for (position, node) in nodes.enumerated() {
      places.append(position == index ? inserted : builder.insert(node.mapChildren { places[$0] }))
    }
    return builder.build(root: places[root])
  }
}

extension Formula {
  /// The hash of `CanonicalOrder`, the same in every run; equal for equal formulas.
  package var orderHash: UInt64 {
    var orders: [CanonicalOrder] = []
    orders.reserveCapacity(nodes.count)
    for node in nodes {
      switch node {
      case .variable(let variable): orders.append(CanonicalOrder(variable))
      case .constant(let value): orders.append(CanonicalOrder(value))
      case .unary(let primitive, let child): orders.append(CanonicalOrder(primitive, orders[child]))
      case .binary(let primitive, let left, let right):
        orders.append(CanonicalOrder(primitive, orders[left], orders[right]))
      }
    }
    return orders[root].hash
  }
}
