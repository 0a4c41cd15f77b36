import Formulas

extension Formula {
  /// For each node, whether a variable that depends on the prediction lies at or below it.
  public func predictionDependence(in mode: Mode) -> [Bool] {
    var depends: [Bool] = []
    depends.reserveCapacity(nodeCount)
    for node in nodes {
      if case .variable(let variable) = node {
        depends.append(mode.differentiableVariables.contains(variable))
      } else {
        depends.append(node.children.contains { depends[$0] })
      }
    }
    return depends
  }
}
