/// One node of a formula; children are indices of earlier nodes of the same formula.
public enum Node: Hashable, Sendable {
  case variable(Variable)
  case constant(Double)
  case unary(Primitive, Int)
  case binary(Primitive, Int, Int)

  /// The indices of the children, left first.
  public var children: [Int] {
    switch self {
    case .variable, .constant: []
    case .unary(_, let child): [child]
    case .binary(_, let left, let right): [left, right]
    }
  }

  /// The same node with its children renumbered.
  public func mapChildren(_ renumbered: (Int) -> Int) -> Node {
    switch self {
    case .variable, .constant: self
    case .unary(let primitive, let child): .unary(primitive, renumbered(child))
    case .binary(let primitive, let left, let right): .binary(primitive, renumbered(left), renumbered(right))
    }
  }

  /// Whether the node is a variable or a number.
  public var isLeaf: Bool {
    switch self {
    case .variable, .constant: true
    case .unary, .binary: false
    }
  }
}
