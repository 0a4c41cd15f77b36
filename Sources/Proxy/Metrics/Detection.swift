/// One box that a detector reports, in pixels of its input.
public struct Detection: Hashable, Sendable, Codable {
  public var box: BoundingBox
  /// Index into the data set's classes, from 0.
  public var label: Int
  /// Confidence; only the order matters. Finite.
  public var score: Float

  public init(box: BoundingBox, label: Int, score: Float) {
    (self.box, self.label, self.score) = (box, label, score)
  }
}
