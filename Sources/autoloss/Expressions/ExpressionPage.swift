import Formulas
import Losses
import Screening

/// The explanation of a formula as a page of plain text.
struct ExpressionPage {
  let expression: Expression
  let explanation: Explanation
  let judgement: ExpressionJudgement

  /// Longer notation is cut: nobody reads it, and `--format` gives all of it.
  private static let longestNotation = 1_500
  private static let longestTree = 150

  var text: String {
    let notation = [
      ExplanationSection("Tree", Self.cut(tree, to: Self.longestTree)),
      ExplanationSection("Mathematics", [Self.cut(formula.infix)] + formula.legend.map { "where " + $0 }),
      ExplanationSection("LaTeX", [Self.cut(formula.latex)]),
    ]
    let notes = formula.originalToolIssues.map(\.message)
    let closing = notes.isEmpty ? [] : [ExplanationSection("Notes", notes)]
    let simulated = judgement.simulation.map { [$0.section] } ?? []
    let sections = (notation + [canonicalSection] + explanation.sections + simulated + closing).map(\.text)
    return ([head] + sections).joined(separator: "\n\n")
  }

  private var formula: Formula { expression.formula }

  private var head: String {
    var rows = [
      ("formula", formula.description), ("mode", "\(expression.mode.rawValue) (\(expression.mode.meaning))"),
      ("shape", "\(explanation.shape.rawValue) (\(explanation.shape.meaning))"),
      ("nodes", "\(formula.nodeCount), depth \(formula.depth)"),
    ]
    if let name = expression.builtInName { rows.insert(("name", name), at: 0) }
    rows.append(("verdict", judgement.text))
    if explanation.isComplete {
      let codes = explanation.warnings.map(\.rawValue)
      rows.append(("warnings", codes.isEmpty ? "none" : codes.joined(separator: ", ")))
    }
    return rows.map { $0.0 + String(repeating: " ", count: max(1, 12 - $0.0.count)) + $0.1 }.joined(separator: "\n")
  }

  /// The tree with the shape of every part, and a word where it is dead or hazardous.
  private var tree: String {
    let dead = Dictionary(explanation.deadParts.map { ($0.node, $0.message) }) { first, _ in first }
    let hazards = Dictionary(grouping: explanation.hazards, by: \.node)
    return formula.tree { node in
      var notes: [String] = []
      if !formula.nodes[node].isLeaf { notes.append(explanation.nodeShapes[node].value.symbol) }
      if let message = dead[node] { notes.append("⚠ " + message) }
      for hazard in hazards[node] ?? [] where hazard.code.format == nil { notes.append("⚠ " + hazard.code.rawValue) }
      return notes.isEmpty ? nil : notes.joined(separator: "  ")
    }
  }

  private var canonicalSection: ExplanationSection {
    let form = explanation.canonical
    var lines = [Self.cut(form.formula.description)]
    lines += form.rules.map { "by \($0.rawValue): \($0.statement)" }
    if form.rules.isEmpty, form.formula == formula { lines.append("no rule applies: it is written so already") }
    lines += form.formula.keptQuotients(in: expression.mode)
    if let print = explanation.fingerprint {
      lines.append("gradient fingerprint \(print.description), family \(print.familyDescription)")
    }
    return ExplanationSection("Canonical form", lines)
  }

  private static func cut(_ text: String) -> String {
    text.count <= longestNotation
      ? text : text.prefix(longestNotation) + " … (\(text.count) characters; --json has all)"
  }

  private static func cut(_ text: String, to limit: Int) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return lines.count <= limit ? lines : lines.prefix(limit) + ["… and \(lines.count - limit) more lines"]
  }
}

extension Mode {
  fileprivate var meaning: String {
    switch self {
    case .multiClass: "one label of C for each sample, softmax heads"
    case .binaryClass: "C yes-or-no questions for each sample, sigmoid heads"
    case .regression: "pairs of predicted and target box"
    }
  }
}

extension Shape {
  fileprivate var meaning: String {
    switch self {
    case .scalar: "one number for everything"
    case .batchScalar: "one number for the whole batch"
    case .perSample: "one number for each of N"
    case .perElement: "one number for each of N×C"
    }
  }
}

extension ValueShape {
  fileprivate var symbol: String {
    switch self {
    case .rankZero: "[]"
    case .one: "[1]"
    case .perSample: "[N]"
    case .perElement: "[N,C]"
    }
  }
}
