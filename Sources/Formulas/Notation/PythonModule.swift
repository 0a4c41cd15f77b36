/// One Python file with a `torch.nn.Module` that computes a formula; it needs nothing but PyTorch.
///
/// The meaning is that of the formula language (eps, clamp, slopes at kinks, shapes); the module computes in float32
/// with autocast off, whatever the inputs are. Every part that is used more than once is computed once.
/// Nothing of `name` but letters and digits reaches the text, and formulas are printed anew, so that neither can carry
/// code.
public struct PythonModule: Sendable {
  public let formula: Formula
  public let mode: Mode
  /// The name of the class in the file.
  public let className: String
  private let shapes: [NodeShape]

  /// - Parameters:
  ///   - formula: what the source computes.
  ///   - mode: the formula's mode; it decides the inputs.
  ///   - name: any text; the class name is made from its ASCII letters and digits.
  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public init(_ formula: Formula, mode: Mode, name: String) throws(FormulaError) {
    shapes = try formula.nodeShapes(in: mode)
    self.formula = formula
    self.mode = mode
    className = SourceName.typeName(from: name)
  }

  /// The text of the file.
  public var source: String {
    let body = PythonBody(formula, mode: mode, shapes: shapes)
    let needed = PythonHelper.allCases.filter { body.helpers.contains($0) }
    let constants = PythonHelper.constants(of: needed)
    let head =
      documentation + "\n\nfrom __future__ import annotations\n\nimport torch\nfrom torch import Tensor, nn\n"
      + (constants.isEmpty ? "" : "\n" + constants.joined(separator: "\n") + "\n") + "\n"
    let helpers = needed.map { "\n" + $0.definition + "\n\n" }.joined()
    return head + helpers + "\n" + module(body)
  }

  private var documentation: String {
    """
    \"""\(className): a loss as a PyTorch module, written by autoloss.

    Formula (\(mode.rawValue)):
    \(TextWrapping.lines(of: formula, width: 96, indent: "  ").joined(separator: "\n"))

    Inputs:
    \(mode.variables.map { "  \($0.rawValue): \($0.meaning.replacing("×", with: "x").replacing("−", with: "-"))" }.joined(separator: "\n"))
    Value: shape \(Self.shape(shapes[formula.root].value)); neither weighted nor reduced.
    Gradients flow to \(mode.differentiableVariables.map(\.rawValue).joined(separator: ", ")) alone.

    The loss computes in float32 with autocast off: in float16 the guards below would vanish.
    \"""
    """
  }

  private func module(_ body: PythonBody) -> String {
    let device = body.used.first ?? mode.variables[0]
    let used = mode.variables.filter { body.used.contains($0) || $0 == device }
    let casts = used.map { variable in
      let isTarget = !mode.differentiableVariables.contains(variable)
      return "            \(variable.rawValue) = \(variable.rawValue)\(isTarget ? ".detach()" : "").float()"
    }
    return """
      class \(className)(nn.Module):
          \"""See the top of the file.\"""

          def forward(self, \(parameters(used: used))) -> Tensor:
              with torch.autocast(device_type=\(device.rawValue).device.type, enabled=False):
      \(casts.joined(separator: "\n"))
      \(body.lines.map { "            " + $0 }.joined(separator: "\n"))

      """
  }

  /// The variables of the mode in their order; what the formula does not use may be left out or None.
  private func parameters(used: [Variable]) -> String {
    let lastUsed = mode.variables.lastIndex { used.contains($0) } ?? 0
    return mode.variables.enumerated().map { place, variable in
      if used.contains(variable) { return "\(variable.rawValue): Tensor" }
      return "\(variable.rawValue): Tensor | None" + (place > lastUsed ? " = None" : "")
    }.joined(separator: ", ")
  }

  private static func shape(_ shape: ValueShape) -> String {
    switch shape {
    case .rankZero: "[]"
    case .one: "[1]"
    case .perSample: "[N]"
    case .perElement: "[N, C]"
    }
  }
}
