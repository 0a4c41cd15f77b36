/// Turns free numbers into control points that grow, so that the curve through them is monotone.
///
/// The first point is the raw pair (x, y); each next one is raw · (1 − previous) + previous, for x and y separately.
/// Source: Auto Seg-Loss (Li et al., ICLR 2021).
public enum StickBreaking {
  /// - Parameters:
  ///   - raw: numbers in 0 ... 1, curve after curve: x1, y1, x2, y2, …
  ///   - curves: into how many curves of equal length `raw` is divided.
  /// - Returns: as many control points, in the same order; within 0 ... 1 and, curve by curve, never falling.
  public static func controlPoints(_ raw: [Double], curves: Int) -> [Double] {
    let length = raw.count / max(1, curves)
    var points = raw.map { min(1, max(0, $0)) }
    for index in points.indices where index % max(1, length) >= 2 {
      let previous = points[index - 2]
      points[index] = min(1, previous + points[index] * (1 - previous))
    }
    return points
  }
}
