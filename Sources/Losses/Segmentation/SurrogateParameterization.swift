/// How the numbers of a surrogate describe its curves.
public enum SurrogateParameterization: String, CaseIterable, Hashable, Sendable, Codable {
  /// Quadratic Bezier pieces; every second control point joins two of them.
  case bezier
  /// Straight pieces from point to point.
  case piecewiseLinear = "piecewise_linear"

  /// The numbers (x and y of every control point between (0, 0) and (1, 1)) of a curve of so many pieces.
  public func numbers(pieces: Int) -> Int {
    switch self {
    case .bezier: 2 * (2 * pieces - 1)
    case .piecewiseLinear: 2 * (pieces - 1)
    }
  }

  /// The pieces of a curve of so many numbers; nil where no curve has as many.
  public func pieces(numbers: Int) -> Int? {
    guard numbers >= 2, numbers % 2 == 0 else { return nil }
    switch self {
    case .bezier: return numbers % 4 == 2 ? (numbers + 2) / 4 : nil
    case .piecewiseLinear: return numbers / 2 + 1
    }
  }

  /// The first counts of numbers that a curve may have, in words.
  var counts: String {
    switch self {
    case .bezier: "2, 6, 10, …"
    case .piecewiseLinear: "2, 4, 6, …"
    }
  }

  /// - Throws: `SegmentationLossError.parameterization` with the known names.
  public init(named name: String) throws(SegmentationLossError) {
    guard let known = Self(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw .parameterization("there is no parameterization '\(name)': use one of \(names)")
    }
    self = known
  }
}

extension SegmentationMetric {
  /// How many curves its surrogate has: of intersection and union; of what is found; or of the four gates of a boundary.
  public var curves: Int {
    switch self {
    case .meanIoU, .frequencyWeightedIoU, .boundaryIoU: 2
    case .meanAccuracy, .globalAccuracy: 1
    case .boundaryF1: 4
    }
  }
}
