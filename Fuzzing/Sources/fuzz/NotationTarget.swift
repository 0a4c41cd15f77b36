import Formulas

/// Every way to write a formula ends, in text of a length that fits the formula, with its brackets closed.
enum NotationTarget {
  static func run(_ bytes: UnsafeRawBufferPointer) {
    var choices = Choices(bytes)
    let style = choices.byte() % 5
    guard let fuzzed = FuzzedFormula(&choices) else { return }
    let (formula, mode) = (fuzzed.formula, fuzzed.mode)
    switch style {
    case 0: demand(formula.tree.split(separator: "\n").count >= formula.nodeCount, "every node of \(formula) is drawn")
    case 1: demand(isBalanced(formula.infix, "(", ")"), "the brackets of \(formula.infix) are closed")
    case 2: demand(isBalanced(formula.latex, "{", "}"), "the braces of \(formula.latex) are closed")
    case 3: isSource(try? PythonModule(formula, mode: mode, name: "a loss").source, of: formula)
    case _: isSource(try? SwiftSource(formula, mode: mode, name: "a loss").source, of: formula)
    }
    demand(formula.legend.count <= Primitive.allCases.count, "the legend explains each primitive once")
  }

  private static func isBalanced(_ text: String, _ open: Unicode.Scalar, _ close: Unicode.Scalar) -> Bool {
    var depth = 0
    for scalar in text.unicodeScalars {
      if scalar == open { depth += 1 }
      if scalar == close { depth -= 1 }
      if depth < 0 { return false }
    }
    // A text that was cut may end inside.
    return depth == 0 || text.utf8.count > Formula.maximumTextLength
  }

  private static func isSource(_ source: String?, of formula: Formula) {
    demand(
      source.map { isBalanced($0, "(", ")") } == true, "source of \(formula) with closed brackets: \(source ?? "none")")
  }
}
