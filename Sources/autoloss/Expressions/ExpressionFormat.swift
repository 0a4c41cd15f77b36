import ArgumentParser
import Formulas

/// In which form `eval-expr` writes a formula.
enum ExpressionFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json, latex, python, swift

  static let names = allCases.map(\.rawValue).joined(separator: ", ")
}

extension Expression {
  /// The name of generated classes: that of the built-in loss, or a neutral one.
  private var sourceName: String { builtInName.map { "\($0) \(mode.rawValue)" } ?? "discovered" }

  /// The formula alone in LaTeX, or as one file of source; nil for the forms that explain it.
  func source(_ format: ExpressionFormat) throws(FormulaError) -> String? {
    switch format {
    case .text, .json: nil
    case .latex: formula.latex
    case .python: try PythonModule(formula, mode: mode, name: sourceName).source
    case .swift: try SwiftSource(formula, mode: mode, name: sourceName).source
    }
  }
}
