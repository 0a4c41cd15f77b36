/// Two gradients on the same inputs, compared; entries that are not finite in either are left out.
struct GradientPair {
  /// Cosine of the angle between them; nan where either has length 0 or half the entries are left out.
  let cosine: Double
  /// Length of the second over the first.
  let lengthRatio: Double
  /// The factor that brings the second nearest to the first (least squares); nan as for `cosine`.
  let scale: Double

  init(_ first: [Double], _ second: [Double]) {
    var used = 0
    let (topA, topB) = (Self.largest(first), Self.largest(second))
    var (aa, ab, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(first, second) where x.isFinite && y.isFinite {
      // In units of the largest entries, so that no square overflows.
      let (a, b) = (topA > 0 ? x / topA : 0, topB > 0 ? y / topB : 0)
      aa += a * a
      ab += a * b
      bb += b * b
      used += 1
    }
    guard aa > 0, bb > 0, 2 * used >= first.count else {
      (cosine, lengthRatio, scale) = (.nan, .nan, .nan)
      return
    }
    cosine = max(-1, min(1, ab / (aa * bb).squareRoot()))
    lengthRatio = (bb / aa).squareRoot() * (topB / topA)
    scale = ab / bb * (topA / topB)
  }

  private static func largest(_ values: [Double]) -> Double {
    values.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
  }
}
