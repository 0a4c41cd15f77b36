/// A letter of the formula language; what it holds depends on the mode alone.
public enum Variable: String, CaseIterable, Hashable, Sendable, Codable {
  /// Logits, N×C.
  case x = "X"
  /// One-hot label, N×C (MULTI_CLS).
  case y = "Y"
  /// IoU with the target in rows of positives, 1 in all others, N×C (MULTI_CLS).
  case z = "Z"
  /// IoU with the target at the positive class, 0 elsewhere, N×C (BINARY_CLS).
  case q = "Q"
  /// Binary label, N×C (BINARY_CLS).
  case py = "PY"
  /// 1 − PY, N×C (BINARY_CLS).
  case ny = "NY"
  /// Union of predicted and target box plus 1e-7, N (REG).
  case u = "U"
  /// Intersection of predicted and target box, N (REG).
  case i = "I"
  /// Area of the smallest box around both plus 1e-7, N (REG).
  case e = "E"

  /// A dense number for tables: the place in `allCases`.
  public var index: Int {
    switch self {
    case .x: 0
    case .y: 1
    case .z: 2
    case .q: 3
    case .py: 4
    case .ny: 5
    case .u: 6
    case .i: 7
    case .e: 8
    }
  }
}

extension Variable {
  /// By the index, not by the spelling.
  public func hash(into hasher: inout Hasher) { hasher.combine(index) }
}
