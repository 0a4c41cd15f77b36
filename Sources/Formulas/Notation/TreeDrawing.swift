/// Draws a formula as a tree with one node a line.
struct TreeDrawing {
  private let formula: Formula
  /// The number of each part that is drawn once and used again.
  private var numbers: [Int?]
  private var lines: [String] = []

  /// A node still to be drawn, and what stands before it.
  private struct Branch {
    let node: Int
    /// What the lines below it begin with.
    let margin: String
    let corner: String
    let ruler: String
  }

  init(_ formula: Formula) {
    self.formula = formula
    numbers = Array(repeating: nil, count: formula.nodeCount)
  }

  mutating func drawn(note: (Int) -> String?) -> String {
    let shared = formula.sharedParts
    var drawnNodes = [Bool](repeating: false, count: formula.nodeCount)
    var count = 0
    var pending = [Branch(node: formula.root, margin: "", corner: "", ruler: "")]
    while let branch = pending.popLast() {
      let node = branch.node
      if drawnNodes[node], let number = numbers[node] {
        lines.append("\(branch.margin)\(branch.corner)\(label(node)) → #\(number)")
        continue
      }
      drawnNodes[node] = true
      if shared[node] {
        count += 1
        numbers[node] = count
      }
      let number = numbers[node].map { " #\($0)" } ?? ""
      lines.append(branch.margin + branch.corner + label(node) + number + (note(node).map { "  " + $0 } ?? ""))
      let margin = branch.margin + branch.ruler
      let children = formula.nodes[node].children
      for (place, child) in children.enumerated().reversed() {
        let isLast = place == children.count - 1
        pending.append(
          Branch(node: child, margin: margin, corner: isLast ? "└─ " : "├─ ", ruler: isLast ? "   " : "│  "))
      }
    }
    return lines.joined(separator: "\n")
  }

  private func label(_ node: Int) -> String {
    switch formula.nodes[node] {
    case .variable(let variable): variable.rawValue
    case .constant(let value): Formula.spelling(of: value)
    case .unary(let primitive, _), .binary(let primitive, _, _): primitive.rawValue
    }
  }
}

extension Formula {
  /// For each node, whether it is no leaf and is used more than once.
  var sharedParts: [Bool] {
    var uses = [Int](repeating: 0, count: nodes.count)
    for node in nodes {
      for child in node.children { uses[child] += 1 }
    }
    return nodes.indices.map { uses[$0] > 1 && !nodes[$0].isLeaf }
  }
}
