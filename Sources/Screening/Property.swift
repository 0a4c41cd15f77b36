/// A convergence property that every trainable loss must have (ours; design §4).
public enum Property: String, Codable, Hashable, Sendable, CaseIterable {
  // MULTI_CLS
  case fallsInTrueLogit
  case risesInOtherLogits
  case gradientAtTrueLogit
  // BINARY_CLS
  case fallsAtPositive
  case risesAtNegative
  case minimumFollowsQuality
  // REG
  case fallsTowardsTarget
  case slopeTowardsTarget
  case neverRisesTowardsTarget
  case leastAtTarget

  public var sentence: String {
    switch self {
    case .fallsInTrueLogit: "falling strictly in the true logit"
    case .risesInOtherLogits: "rising strictly when all other logits rise together"
    case .gradientAtTrueLogit: "a negative gradient at the true logit"
    case .fallsAtPositive: "falling strictly in the logit of a positive"
    case .risesAtNegative: "rising strictly in the logit of a negative"
    case .minimumFollowsQuality: "a minimum that does not move down as the IoU target grows"
    case .fallsTowardsTarget: "falling strictly as the box moves to its target"
    case .slopeTowardsTarget: "a gradient that points the box to its target"
    case .neverRisesTowardsTarget: "never rising as the box moves to its target"
    case .leastAtTarget: "the least loss at the target"
    }
  }
}
