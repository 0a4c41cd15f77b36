/// Builds formulas bottom up; a node that is asked for twice is stored once.
public struct FormulaBuilder: Sendable {
  private var table = NodeTable()

  public init() {}

  /// The nodes so far, children before parents.
  public var nodes: [Node] { table.nodes }

  /// The index of a variable.
  public mutating func variable(_ variable: Variable) -> Int { insert(.variable(variable)) }

  /// The index of a number; −0 is stored as 0.
  public mutating func constant(_ value: Double) -> Int { insert(.constant(value)) }

  /// The index of a primitive of one argument, itself an index given out by this builder.
  public mutating func unary(_ primitive: Primitive, _ child: Int) -> Int { insert(.unary(primitive, child)) }

  /// The index of a primitive of two arguments.
  public mutating func binary(_ primitive: Primitive, _ left: Int, _ right: Int) -> Int {
    insert(.binary(primitive, left, right))
  }

  /// The index of a node whose children are indices given out by this builder.
  public mutating func insert(_ node: Node) -> Int { table.insert(node) }

  /// Forgets the nodes and keeps the room.
  mutating func removeAll() { table.removeAll() }

  /// Inserts every node of a formula; the result maps its indices to indices of this builder.
  public mutating func insert(_ formula: Formula) -> [Int] {
    var copied: [Int] = []
    copied.reserveCapacity(formula.nodeCount)
    for node in formula.nodes { copied.append(insert(node.mapChildren { copied[$0] })) }
    return copied
  }

  /// The formula below a node, its nodes in the order of the first visit; unused nodes are left out.
  public func build(root: Int) -> Formula {
    var collector = FormulaCollector()
    return collector.formula(below: root, of: table.nodes)
  }
}
