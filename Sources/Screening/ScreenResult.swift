import Formulas

/// What became of one text of a batch.
public enum ScreenResult: Sendable, Hashable {
  /// No formula of the mode.
  case unreadable(FormulaError)
  case rejected(Rejection)
  /// The canonical form of an earlier text of the batch, by its place; what became of that one holds for this too.
  case duplicate(of: Int)
  case passed

  public var step: ScreenStep {
    switch self {
    case .unreadable: .parse
    case .duplicate: .canonicalize
    case .rejected, .passed: .verify
    }
  }
}

/// The steps of the screening, in order.
public enum ScreenStep: String, CaseIterable, Hashable, Sendable, Codable {
  case parse, canonicalize, verify
}

/// How many texts of a batch ended where.
public struct ScreenCounts: Sendable, Hashable {
  public internal(set) var unreadable = 0
  public internal(set) var duplicate = 0
  /// By the code of the rejection.
  public internal(set) var rejected: [String: Int] = [:]
  public internal(set) var passed = 0

  /// Counts the results of a batch.
  public init(_ results: [ScreenResult]) {
    for result in results {
      switch result {
      case .unreadable: unreadable += 1
      case .duplicate: duplicate += 1
      case .rejected(let rejection): rejected[rejection.code, default: 0] += 1
      case .passed: passed += 1
      }
    }
  }
}
