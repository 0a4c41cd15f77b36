/// A loss over the logits of a segmenter; an instance belongs to one worker, since it owns its working memory.
///
/// Nothing is allocated once an instance has seen its largest shape.
public protocol SegmentationLoss: AnyObject {
  /// The loss (weight 1) and, where asked for, its gradient with respect to the logits.
  ///
  /// - Parameters:
  ///   - logits: images × classes × height × width, row-major.
  ///   - labels: images × height × width; a label at or above the number of classes (such as 255) is ignored.
  ///   - gradient: as many numbers as logits, overwritten; nil where the value is enough.
  /// - Returns: the loss; nan where it is not defined, such as a mean over no pixel (the gradient is then 0).
  /// - Throws: `SegmentationLossError` where the loss cannot be used on this shape.
  func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float
}

/// Settings or inputs that a segmentation loss cannot be used with; the message says which and how to mend it.
public enum SegmentationLossError: Error, Hashable, Sendable, CustomStringConvertible {
  case shape(String)
  case metric(String)
  case parameterization(String)
  case theta(String)
  case tolerance(String)

  public var message: String {
    switch self {
    case .shape(let text), .metric(let text), .parameterization(let text), .theta(let text), .tolerance(let text): text
    }
  }

  public var description: String { message }
}
