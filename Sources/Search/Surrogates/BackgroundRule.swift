/// Whether class 0 has no boundaries: one rule for a surrogate and for the score that it is judged by.
public enum BackgroundRule: String, Codable, Hashable, Sendable, CaseIterable {
  /// It has none where it is called `background`.
  case whereNamed
  case always
  case never

  /// - Parameter hasBackground: whether class 0 is called `background`.
  public func applies(hasBackground: Bool) -> Bool {
    switch self {
    case .whereNamed: hasBackground
    case .always: true
    case .never: false
    }
  }
}
