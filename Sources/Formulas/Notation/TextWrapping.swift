/// Breaks a printed formula into lines.
enum TextWrapping {
  /// Formulas of more nodes, written out as a tree, are not printed into generated source.
  static let longestTree = 10_000

  /// Lines of about `width` characters, broken behind commas and opening parentheses.
  static func lines(of formula: Formula, width: Int, indent: String) -> [String] {
    guard formula.treeSize <= longestTree else {
      return ["\(indent)(too long to print; \(formula.nodeCount) distinct nodes)"]
    }
    var lines: [String] = []
    var line = ""
    var count = 0
    for character in formula.description {
      line.append(character)
      count += 1
      if count >= width, character == "," || character == "(" {
        lines.append(indent + line)
        line = ""
        count = 0
      }
    }
    return line.isEmpty ? lines : lines + [indent + line]
  }
}
