import Formulas

extension Formula {
  /// A line for each quotient of equal parts in a canonical form: why it was not cancelled.
  func keptQuotients(in mode: Mode) -> [String] {
    guard let shapes = try? nodeShapes(in: mode) else { return [] }
    return nodes.indices.compactMap { index in
      guard case .binary(.div, let part, let divisor) = nodes[index], part == divisor, nodes[part].isLeaf else {
        return nil
      }
      let text = text(of: nodes[part])
      let reason =
        switch shapes[index].value {
        case .perSample where isPositive(nodes[part]): "it is 1 for each of N samples, and a plain 1 is one number"
        case .perSample, .perElement, .rankZero, .one: "it is 0 where \(text) is 0, since Div adds eps to divisors only"
        }
      return "Div(\(text),\(text)) stays: \(reason)"
    }
  }

  private func text(of node: Node) -> String {
    if case .variable(let variable) = node { variable.rawValue } else { "…" }
  }

  /// U and E have 1e-7 added.
  private func isPositive(_ node: Node) -> Bool { node == .variable(.u) || node == .variable(.e) }
}
