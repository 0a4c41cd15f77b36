/// What the six metrics of segmentation count, over any number of images; counts of several workers add up.
public struct SegmentationCounts: Hashable, Sendable, Codable {
  public let classes: Int
  /// Pixels by label and prediction: row = label, classes × classes.
  public var confusion: [Int]
  /// The same for the pixels near a boundary of the labels.
  public var boundaryConfusion: [Int]
  /// Boundary pixels of each class in predictions and labels.
  public var predictedBoundary: [Int]
  public var labelBoundary: [Int]
  /// Those of them that have a boundary pixel of the class in the other map within the tolerance.
  public var predictedMatches: [Int]
  public var labelMatches: [Int]

  public init(classes: Int) {
    let (none, nothing) = (Array(repeating: 0, count: classes), Array(repeating: 0, count: classes * classes))
    (self.classes, confusion, boundaryConfusion) = (classes, nothing, nothing)
    (predictedBoundary, labelBoundary, predictedMatches, labelMatches) = (none, none, none, none)
  }

  /// Adds what another worker counted of the same classes.
  public mutating func add(_ other: SegmentationCounts) {
    precondition(other.classes == classes, "counts of \(other.classes) classes added to those of \(classes)")
    Self.add(other.confusion, to: &confusion)
    Self.add(other.boundaryConfusion, to: &boundaryConfusion)
    Self.add(other.predictedBoundary, to: &predictedBoundary)
    Self.add(other.labelBoundary, to: &labelBoundary)
    Self.add(other.predictedMatches, to: &predictedMatches)
    Self.add(other.labelMatches, to: &labelMatches)
  }

  private static func add(_ others: [Int], to counts: inout [Int]) {
    for (index, count) in others.enumerated() { counts[index] += count }
  }
}
