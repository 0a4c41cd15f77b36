import Losses
import Surrogates

/// What the training of a segmenter is for; it decides schedule and split.
public enum SurrogatePurpose: String, Hashable, Sendable, CaseIterable {
  /// The reward: search-train, scored on search-val.
  case proxy
  /// The final training: search-train, scored on the hold-out.
  case holdOut = "holdout"
}

/// The training of a segmenter, with everything that tells it from others of the run.
public struct SurrogateRequest: KeyedRequest {
  public var loss: SegmentationLossChoice
  public var purpose: SurrogatePurpose
  /// Decides initial weights and the order of batches, so that losses with one seed are paired.
  public var seed: UInt64

  public init(loss: SegmentationLossChoice, purpose: SurrogatePurpose, seed: UInt64) {
    (self.loss, self.purpose, self.seed) = (loss, purpose, seed)
  }

  public var key: String { "\(purpose.rawValue)|\(loss)|\(seed)" }
  public var purposeName: String { purpose.rawValue }
}

/// Numbers of theta as text that gives every bit back.
enum ThetaText {
  static func write(_ numbers: [Double]) -> String { "[" + numbers.map(\.description).joined(separator: ",") + "]" }

  /// Nil for a text that `write` did not make.
  static func read(_ text: String) -> [Double]? {
    guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
    let parts = text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    return numbers.count == parts.count ? numbers : nil
  }
}
