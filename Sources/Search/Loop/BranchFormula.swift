import Evolution
import Formulas

/// The varied formulas of a genome with their place in the detector, classification first.
struct BranchFormula: Hashable, Sendable {
  var branch: SearchBranch
  var mode: Mode
  var formula: Formula
}

extension Genome {
  /// The formulas that vary, each with its mode.
  func branchFormulas(_ task: SearchTask) -> [BranchFormula] {
    var found: [BranchFormula] = []
    if let classification {
      found.append(BranchFormula(branch: .classification, mode: task.classificationMode, formula: classification))
    }
    if let regression { found.append(BranchFormula(branch: .regression, mode: .regression, formula: regression)) }
    return found
  }

  /// The losses of a training: the varied formulas, and the defaults for the rest.
  func losses(_ defaults: LossPair) -> LossPair {
    LossPair(
      classification: classification?.description ?? defaults.classification,
      regression: regression?.description ?? defaults.regression)
  }

  /// The varied formulas in one line.
  var text: String {
    [classification?.description, regression?.description].compactMap(\.self).joined(separator: " + ")
  }
}
