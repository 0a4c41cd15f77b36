/// The answer of a screening question about one formula.
public enum Verdict: Codable, Hashable, Sendable {
  case pass
  case reject(Rejection)

  public var passed: Bool { rejection == nil }

  public var rejection: Rejection? {
    switch self {
    case .pass: nil
    case .reject(let rejection): rejection
    }
  }
}
