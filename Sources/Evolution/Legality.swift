import Formulas

/// Whether a formula belongs to the search space.
extension Grammar {
  /// True when the formula has the names and the result shape of the mode, couples no samples, keeps to the limits of depth
  /// and size, and can be loaded by the original tool.
  ///
  /// Its numbers are not checked: a warm start may bring others than the grammar's.
  public func accepts(_ formula: Formula) -> Bool {
    guard formula.nodeCount <= settings.nodeLimit, formula.depth <= settings.depthLimit else { return false }
    guard formula.nodes.allSatisfy({ allows($0, in: formula) }) else { return false }
    guard let root = (try? formula.nodeShapes(in: settings.mode))?[formula.root] else { return false }
    return root.value == resultShape && !root.couplesSamples
  }

  private func allows(_ node: Node, in formula: Formula) -> Bool {
    switch node {
    case .variable(let variable): settings.variables.contains(variable)
    case .constant: true
    case .unary(let primitive, let child):
      settings.primitives.contains(primitive)
        && !(Self.refusesLiteral(primitive) && formula.nodes[child].isConstant)
    case .binary(let primitive, _, _): settings.primitives.contains(primitive)
    }
  }
}

extension Node {
  var isConstant: Bool {
    switch self {
    case .constant: true
    case .variable, .unary, .binary: false
    }
  }
}
