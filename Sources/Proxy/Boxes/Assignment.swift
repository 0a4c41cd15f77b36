/// What an assigner says of one anchor, point or proposal.
public enum Match: Hashable, Sendable {
  /// Takes no part in the loss.
  case ignored
  /// Shows no object.
  case background
  /// Shows the ground truth with this index (from 0).
  case object(Int)

  /// The index of the ground truth; nil for background and ignored.
  public var groundTruth: Int? {
    if case .object(let index) = self { index } else { nil }
  }
}

/// The matches of all candidates of one image, with the overlap that decided each.
public struct Assignment: Hashable, Sendable {
  public var matches: [Match]
  /// The largest IoU with a ground truth, as the assigner saw it (its conventions say what stands where there is none).
  public var overlaps: [Float]

  public init(matches: [Match], overlaps: [Float]) {
    (self.matches, self.overlaps) = (matches, overlaps)
  }

  /// The assignment of an image without objects: everything is background, every overlap 0.
  public static func allBackground(count: Int) -> Assignment {
    Assignment(matches: Array(repeating: .background, count: count), overlaps: Array(repeating: 0, count: count))
  }
}
