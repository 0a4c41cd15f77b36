import Formulas

/// Which loss of the detector a search varies: classification, box regression, or both together.
public enum SearchBranch: String, Codable, Hashable, Sendable, CaseIterable {
  case classification = "cls"
  case regression = "reg"
  case joint

  /// Whether the search varies the classification loss.
  public var variesClassification: Bool {
    switch self {
    case .classification, .joint: true
    case .regression: false
    }
  }

  /// Whether the search varies the regression loss.
  public var variesRegression: Bool {
    switch self {
    case .regression, .joint: true
    case .classification: false
    }
  }
}

/// What evolution varies: a formula for each varied branch, nil for a branch that keeps the task's default loss.
public struct Genome: Hashable, Codable, Sendable {
  public var classification: Formula?
  public var regression: Formula?

  public init(classification: Formula? = nil, regression: Formula? = nil) {
    self.classification = classification
    self.regression = regression
  }

  /// Number of distinct nodes of all its formulas: the second key of selection.
  public var complexity: Int { (classification?.nodeCount ?? 0) + (regression?.nodeCount ?? 0) }
}
