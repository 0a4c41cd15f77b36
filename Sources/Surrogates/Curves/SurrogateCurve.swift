import Losses

/// A curve from (0, 0) to (1, 1) in quadratic pieces: what replaces a logic gate's input by a number between.
///
/// In a piece from x0 to x2 with the middle control point x1 let d = x2 − x0, a = (x1 − x0) / d, u = (x − x0) / d and
/// w = (x2 − x) / d. The original solves u = 2at + (1 − 2a)t² by t = (a − √(a² + (1 − 2a)u)) / (2a − 1), which cancels near
/// a = 1/2. Here s = √(a²w + (1 − a)²u), which is the same root without a difference, and t = u / (a + s); the slope is
/// dy/dt / 2sd. Pieces too narrow for Float are steps. The value is 0 at 0 and 1 at 1 whatever the points.
/// Source: Auto Seg-Loss (Li et al., ICLR 2021).
public struct SurrogateCurve: Hashable, Sendable {
  /// One quadratic piece; straight where `middle` is 1/2 and both rises are equal.
  public struct Piece: Hashable, Sendable {
    public let begin: Double
    public let end: Double
    /// The x of the middle control point as a share of the piece, 0 ... 1.
    public let middle: Double
    /// y at the beginning, at the middle control point and at the end.
    public let y: (first: Double, middle: Double, last: Double)

    public static func == (left: Piece, right: Piece) -> Bool {
      (left.begin, left.end, left.middle) == (right.begin, right.end, right.middle) && left.y == right.y
    }

    public func hash(into hasher: inout Hasher) {
      for number in [begin, end, middle, y.first, y.middle, y.last] { hasher.combine(number) }
    }
  }

  /// Narrower pieces hold no more than a few numbers of Float below 1.
  static let narrowest = 0x1p-22
  /// The least s, where the slope would be infinite (a control point straight above or below an end).
  static let leastRoot = 1e-12

  /// In the order of x; at least one.
  public let pieces: [Piece]

  /// - Parameter points: x1, y1, x2, y2, … of one curve, as many as the parameterization has; x grows. Numbers outside 0 ... 1
  ///   are taken as the nearest inside.
  public init(points: [Double], parameterization: SurrogateParameterization = .bezier) {
    let inside = points.map { min(1, max(0, $0)) }
    var corners = [(x: 0.0, y: 0.0)]
    for index in stride(from: 0, to: inside.count - 1, by: 2) { corners.append((inside[index], inside[index + 1])) }
    corners.append((1, 1))
    let step =
      switch parameterization {
      case .bezier: 2
      case .piecewiseLinear: 1
      }
    var pieces: [Piece] = []
    for index in stride(from: 0, to: corners.count - step, by: step) {
      let (start, end) = (corners[index], corners[index + step])
      let width = end.x - start.x
      guard width >= Self.narrowest else { continue }
      // A straight piece is a quadratic one whose middle lies half way.
      let middle = step == 2 ? corners[index + 1] : (x: (start.x + end.x) / 2, y: (start.y + end.y) / 2)
      let share = step == 2 ? min(1, max(0, (middle.x - start.x) / width)) : 0.5
      pieces.append(Piece(begin: start.x, end: end.x, middle: share, y: (start.y, middle.y, end.y)))
    }
    self.pieces = pieces
  }

  /// y and dy/dx at x in 0 ... 1.
  public func evaluate(_ x: Double) -> (value: Double, slope: Double) {
    let piece = pieces.last { x > $0.begin } ?? pieces[0]
    let (width, a) = (piece.end - piece.begin, piece.middle)
    let u = min(1, max(0, (x - piece.begin) / width))
    let w = min(1, max(0, (piece.end - x) / width))
    let s = max(Self.leastRoot, (a * a * w + (1 - a) * (1 - a) * u).squareRoot())
    let t = min(1, u / (a + s))
    let (first, last) = (2 * (piece.y.middle - piece.y.first), 2 * (piece.y.last - piece.y.middle))
    let slope = (first * (1 - t) + last * t) / (2 * s * width)
    if x <= 0 { return (0, slope) }
    if x >= 1 { return (1, slope) }
    return (piece.y.first + t * (first + (last - first) * t / 2), slope)
  }
}
