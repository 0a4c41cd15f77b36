/// The three areas that regression formulas see, and the way back from them to the predicted corners.
///
/// Corners are x1, y1, x2, y2. The intersection and the enclosing box clamp their sides at 0; the areas of the boxes
/// themselves are not clamped, so an inverted box has a negative one (golden README, "Semantics of the loss wrappers").
@frozen
public struct BoxOverlap<Scalar: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// Union + 1e-7.
  public var union: Scalar
  public var intersection: Scalar
  /// Area of the smallest box around both + 1e-7.
  public var enclosing: Scalar

  @inlinable
  public init(union: Scalar, intersection: Scalar, enclosing: Scalar) {
    self.union = union
    self.intersection = intersection
    self.enclosing = enclosing
  }

  /// U, I and E of two boxes.
  @inlinable
  public init(_ predicted: UnsafePointer<Scalar>, _ target: UnsafePointer<Scalar>) {
    let (p, t) = (predicted, target)
    let width = max(min(p[2], t[2]) - max(p[0], t[0]), 0)
    let height = max(min(p[3], t[3]) - max(p[1], t[1]), 0)
    intersection = width * height
    let areas = (p[2] - p[0]) * (p[3] - p[1]) + (t[2] - t[0]) * (t[3] - t[1])
    union = areas - intersection + 1e-7
    let outerWidth = max(max(p[2], t[2]) - min(p[0], t[0]), 0)
    let outerHeight = max(max(p[3], t[3]) - min(p[1], t[1]), 0)
    enclosing = outerWidth * outerHeight + 1e-7
  }

  /// Writes the gradient with respect to the four predicted corners, given those with respect to U, I and E (`self`).
  ///
  /// Where corners tie, the gradient is shared half and half; a side clamped at 0 passes none.
  @inlinable
  public func pullBack(
    _ predicted: UnsafePointer<Scalar>, _ target: UnsafePointer<Scalar>, to gradient: UnsafeMutablePointer<Scalar>
  ) {
    let (p, t) = (predicted, target)
    let inner = intersection - union
    let width = min(p[2], t[2]) - max(p[0], t[0])
    let height = min(p[3], t[3]) - max(p[1], t[1])
    let toWidth = width > 0 ? inner * max(height, 0) : 0
    let toHeight = height > 0 ? inner * max(width, 0) : 0
    let outerWidth = max(p[2], t[2]) - min(p[0], t[0])
    let outerHeight = max(p[3], t[3]) - min(p[1], t[1])
    let toOuterWidth = outerWidth > 0 ? enclosing * max(outerHeight, 0) : 0
    let toOuterHeight = outerHeight > 0 ? enclosing * max(outerWidth, 0) : 0
    let toOwnWidth = union * (p[3] - p[1])
    let toOwnHeight = union * (p[2] - p[0])
    gradient[0] =
      -toWidth * Self.share(p[0] > t[0], p[0] == t[0]) - toOuterWidth * Self.share(p[0] < t[0], p[0] == t[0])
      - toOwnWidth
    gradient[1] =
      -toHeight * Self.share(p[1] > t[1], p[1] == t[1]) - toOuterHeight * Self.share(p[1] < t[1], p[1] == t[1])
      - toOwnHeight
    gradient[2] =
      toWidth * Self.share(p[2] < t[2], p[2] == t[2]) + toOuterWidth * Self.share(p[2] > t[2], p[2] == t[2])
      + toOwnWidth
    gradient[3] =
      toHeight * Self.share(p[3] < t[3], p[3] == t[3]) + toOuterHeight * Self.share(p[3] > t[3], p[3] == t[3])
      + toOwnHeight
  }

  /// 1 where a corner decides a minimum or maximum, ½ at a tie, else 0.
  @inlinable
  static func share(_ decides: Bool, _ ties: Bool) -> Scalar { decides ? 1 : ties ? 0.5 : 0 }

  /// The IoU that feeds Z and Q: intersection / max(union, 1e-6), at least 1e-7.
  @inlinable
  public static func intersectionOverUnion(_ predicted: UnsafePointer<Scalar>, _ target: UnsafePointer<Scalar>)
    -> Scalar
  {
    let (p, t) = (predicted, target)
    let width = max(min(p[2], t[2]) - max(p[0], t[0]), 0)
    let height = max(min(p[3], t[3]) - max(p[1], t[1]), 0)
    let overlap = width * height
    let union = (p[2] - p[0]) * (p[3] - p[1]) + (t[2] - t[0]) * (t[3] - t[1]) - overlap
    return max(overlap / max(union, 1e-6), 1e-7)
  }
}
