/// One self-contained Swift file that computes value and gradient of a formula; it needs Foundation alone.
///
/// The meaning is that of the formula language (eps, clamp, slopes at kinks, shapes), in Double, the reverse mode written
/// out. A formula whose entries do not depend on one another becomes one loop of plain statements; one with Softmax or
/// Dot becomes statements over arrays. Nothing of `name` but letters and digits reaches the text.
public struct SwiftSource: Sendable {
  public let formula: Formula
  public let mode: Mode
  /// The name of the enum in the file that holds the function.
  public let typeName: String
  private let shapes: [NodeShape]

  /// - Parameters:
  ///   - formula: what the source computes.
  ///   - mode: the formula's mode; it decides the inputs.
  ///   - name: any text; the type name is made from its ASCII letters and digits.
  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public init(_ formula: Formula, mode: Mode, name: String) throws(FormulaError) {
    shapes = try formula.nodeShapes(in: mode)
    self.formula = formula
    self.mode = mode
    typeName = SourceName.typeName(from: name)
  }

  /// The text of the file.
  public var source: String {
    let plan = SwiftPlan(formula, mode: mode, shapes: shapes)
    let body = plan.isElementwise ? elementwise(plan) : arrays(plan)
    let helpers = SwiftHelper.allCases.filter { plan.helpers.contains($0) }.map(\.definition)
    return """
      import Foundation

      /// A loss with its gradient, written by autoloss.
      ///
      /// Formula (\(mode.rawValue)):
      \(TextWrapping.lines(of: formula, width: 90, indent: "///     ").joined(separator: "\n"))
      public enum \(typeName) {
        /// Value and gradient, neither weighted nor reduced.
        /// - Parameters:
      \(parameterNotes)
        ///   - upstream: a weight for each entry of the value; nil stands for 1.
        /// - Returns: the value (\(valueNote)) and the gradient of its weighted sum with respect to \
      \(mode.differentiableVariables.map(\.rawValue).joined(separator: ", ")).
        /// - Precondition: the counts are as above.
        public static func evaluate(
          \(parameters)
        ) -> (\(results)) {
      \(checks)
      \(body.map { $0.isEmpty ? "" : "    " + $0 }.joined(separator: "\n"))
        }
      \(helpers.isEmpty ? "" : "\n")\(helpers.map { $0.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n") }.joined(separator: "\n\n"))\(helpers.isEmpty ? "" : "\n")}

      """
  }

  private var hasClasses: Bool { mode.variableShape == .perElement }

  private var parameterNotes: String {
    var lines = mode.variables.map { "  ///   - \($0.rawValue): \($0.meaning)\(hasClasses ? ", row by row" : "")." }
    if hasClasses { lines.append("  ///   - classes: C, the number of entries of a row; at least 1.") }
    return lines.joined(separator: "\n")
  }

  private var parameters: String {
    (mode.variables.map { "\($0.rawValue): [Double]" } + (hasClasses ? ["classes: Int"] : [])
      + ["upstream: [Double]? = nil"]).joined(separator: ", ")
  }

  private var results: String {
    (["value: [Double]"] + mode.differentiableVariables.map { "gradientOf\($0.rawValue): [Double]" })
      .joined(separator: ", ")
  }

  private var valueNote: String {
    switch shapes[formula.root].value {
    case .rankZero, .one: "one number"
    case .perSample: "one number for each of the N rows"
    case .perElement: "N×C numbers, row by row"
    }
  }

  private var checks: String {
    let first = mode.variables[0].rawValue
    let others = mode.variables.dropFirst().map { "\($0.rawValue).count == \(first).count" }.joined(separator: " && ")
    let lengths = "    precondition(\(others), \"the arrays are of one length\")"
    return hasClasses
      ? lengths + "\n    precondition(classes > 0 && \(first).count % classes == 0, \"rows hold `classes` numbers\")"
      : lengths
  }

  /// One loop over the entries.
  private func elementwise(_ plan: SwiftPlan) -> [String] {
    let first = mode.variables[0].rawValue
    let gradients = mode.differentiableVariables.map { "gradientOf\($0.rawValue)" }
    var lines = ["var value = [Double](repeating: 0, count: \(first).count)"]
    lines += mode.differentiableVariables.map { variable in
      let isMade = plan.gradients.contains { $0.variable == variable }
      return "\(isMade ? "var" : "let") gradientOf\(variable.rawValue) = value"
    }
    lines.append("precondition(upstream == nil || upstream?.count == value.count, \"a weight for each entry\")")
    lines.append("for k in \(first).indices {")
    lines += formula.variables.map { "  let \(SwiftPlan.local($0)) = \($0.rawValue)[k]" }
    lines += plan.forward.map { "  " + $0 }
    lines.append("  value[k] = \(plan.value)")
    if plan.hasGradient {
      lines.append("  // Gradients of the weighted value, from the root back to the variables.")
      lines.append("  let \(plan.seed) = upstream?[k] ?? 1")
      lines += plan.backward.map { "  " + $0 }
      lines += plan.gradients.map { "  gradientOf\($0.variable.rawValue)[k] = \($0.text)" }
    }
    return lines + ["}", "return (value, \(gradients.joined(separator: ", ")))"]
  }

  /// One statement an array.
  private func arrays(_ plan: SwiftPlan) -> [String] {
    let first = mode.variables[0].rawValue
    var lines = plan.forward
    lines.append("let value = \(plan.value)")
    lines.append("precondition(upstream == nil || upstream?.count == value.count, \"a weight for each entry\")")
    if plan.hasGradient {
      lines.append("// Gradients of the weighted value, from the root back to the variables.")
      lines.append("let \(plan.seed) = upstream ?? [Double](repeating: 1, count: value.count)")
      lines += plan.backward
    }
    let gradients = mode.differentiableVariables.map { variable in
      plan.gradients.first { $0.variable == variable }?.text ?? "[Double](repeating: 0, count: \(first).count)"
    }
    return lines + ["return (value, \(gradients.joined(separator: ", ")))"]
  }
}
