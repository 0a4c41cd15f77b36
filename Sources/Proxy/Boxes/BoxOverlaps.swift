/// How much two boxes overlap: the three measures of detection, each with a guard against empty denominators.
///
/// Boxes are (x1, y1, x2, y2) in one common unit; areas are plain products of the sides (no + 1, not clamped).
public enum OverlapMeasure: String, Sendable, CaseIterable {
  /// Intersection over union.
  case iou
  /// Intersection over the area of the first box ("foreground").
  case iof
  /// Generalized intersection over union (Rezatofighi et al., 2019, algorithm 1), in −1 ... 1.
  case giou

  /// The least denominator that the detectors here use (square units), so that two empty boxes overlap by 0 and not by nan.
  public static let standardGuard: Float = 1e-6

  /// The overlap of two boxes; denominators below `guardedBy` are raised to it (0 leaves them as they are).
  @inlinable
  public func callAsFunction(_ a: BoundingBox, _ b: BoundingBox, guardedBy least: Float = standardGuard) -> Float {
    let areaA = (a.x2 - a.x1) * (a.y2 - a.y1)
    let width = max(min(a.x2, b.x2) - max(a.x1, b.x1), 0)
    let height = max(min(a.y2, b.y2) - max(a.y1, b.y1), 0)
    let intersection = width * height
    if case .iof = self { return intersection / max(areaA, least) }
    let union = max(areaA + (b.x2 - b.x1) * (b.y2 - b.y1) - intersection, least)
    if case .iou = self { return intersection / union }
    let hullWidth = max(max(a.x2, b.x2) - min(a.x1, b.x1), 0)
    let hullHeight = max(max(a.y2, b.y2) - min(a.y1, b.y1), 0)
    let hull = max(hullWidth * hullHeight, least)
    return intersection / union - (hull - union) / hull
  }

  /// Overlaps of every box of `a` with every box of `b`, row-major a × b.
  public func pairwise(_ a: [BoundingBox], _ b: [BoundingBox], guardedBy least: Float = standardGuard) -> [Float] {
    var overlaps: [Float] = []
    overlaps.reserveCapacity(a.count * b.count)
    for first in a {
      for second in b { overlaps.append(self(first, second, guardedBy: least)) }
    }
    return overlaps
  }

  /// Overlaps of the boxes with the same index; the longer list is cut to the length of the shorter.
  public func aligned(_ a: [BoundingBox], _ b: [BoundingBox], guardedBy least: Float = standardGuard) -> [Float] {
    zip(a, b).map { self($0, $1, guardedBy: least) }
  }
}
