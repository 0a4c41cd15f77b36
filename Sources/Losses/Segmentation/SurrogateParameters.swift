/// What makes a surrogate loss: its metric, the control points of its curves, and how boundaries are looked at.
///
/// The constraints hold for every value: curves run from (0, 0) to (1, 1) and never fall, so that the surrogate has the
/// gate's truth table at 0 and 1 and is monotone between.
public struct SurrogateParameters: Hashable, Sendable {
  public let metric: SegmentationMetric
  public let parameterization: SurrogateParameterization
  /// Control points curve after curve: x1, y1, x2, y2, …; in 0 ... 1, x and y growing along a curve.
  public let theta: [Double]
  /// The radius in pixels within which boundaries count as met; BIoU and BF1 only.
  public let tolerance: Int
  /// Whether class 0 has no boundary; BIoU and BF1 only.
  public let dropsBackground: Bool

  public static let toleranceRange = 0...1024
  /// What rounding to Float may take from order and range.
  static let slack = 1e-6

  /// - Throws: `SegmentationLossError` naming the number that breaks a constraint.
  public init(
    metric: SegmentationMetric, parameterization: SurrogateParameterization = .bezier, theta: [Double],
    tolerance: Int = 5, dropsBackground: Bool = false
  ) throws(SegmentationLossError) {
    let length = theta.count / metric.curves
    guard theta.count % metric.curves == 0, parameterization.pieces(numbers: length) != nil else {
      let curves = metric.curves == 1 ? "1 curve" : "\(metric.curves) curves"
      throw .theta(
        "theta has \(theta.count) numbers: \(metric.rawValue) with \(parameterization.rawValue) needs \(curves) of "
          + "\(parameterization.counts) numbers\(metric.curves == 1 ? "" : " each") (x1, y1, x2, y2, …)")
    }
    for (index, number) in theta.enumerated() {
      guard number >= -Self.slack, number <= 1 + Self.slack else {
        throw .theta("theta[\(index)] is \(number): a control point lies in 0 ... 1")
      }
      guard index % length >= 2, number < theta[index - 2] - Self.slack else { continue }
      let axis = index % 2 == 0 ? "x" : "y"
      throw .theta(
        "theta[\(index)] is \(number), below the \(axis) of the point before it (\(theta[index - 2])): control points "
          + "grow along a curve, else it is not monotone")
    }
    guard Self.toleranceRange.contains(tolerance) else {
      let range = Self.toleranceRange
      throw .tolerance("tolerance is \(tolerance): give \(range.lowerBound) to \(range.upperBound) pixels")
    }
    (self.metric, self.parameterization, self.tolerance) = (metric, parameterization, tolerance)
    (self.theta, self.dropsBackground) = (theta, dropsBackground)
  }

  /// The control points of each curve.
  public var curves: [[Double]] {
    let length = theta.count / metric.curves
    return (0..<metric.curves).map { Array(theta[($0 * length)..<(($0 + 1) * length)]) }
  }
}

extension SurrogateParameters {
  /// The same curves with another tolerance.
  ///
  /// - Throws: `SegmentationLossError.tolerance` outside `toleranceRange`.
  public func with(tolerance: Int) throws(SegmentationLossError) -> SurrogateParameters {
    try SurrogateParameters(
      metric: metric, parameterization: parameterization, theta: theta, tolerance: tolerance,
      dropsBackground: dropsBackground)
  }

  /// The same curves with or without boundaries of class 0.
  public func with(dropsBackground: Bool) -> SurrogateParameters {
    SurrogateParameters(
      trusted: metric, parameterization: parameterization, theta: theta, tolerance: tolerance,
      dropsBackground: dropsBackground)
  }

  /// The find that the authors of Auto Seg-Loss report, with their settings: class 0, a background in their data, is dropped
  /// for BIoU. Source: Li et al., ICLR 2021.
  public static func published(_ metric: SegmentationMetric) -> SurrogateParameters {
    let theta: [Double] =
      switch metric {
      case .meanIoU:
        [
          0.00056972844, 0.64372045, 0.338589169, 0.70554336, 0.625281252, 0.779551927, 0.69037557, 0.01306289,
          0.834170515, 0.962431815, 0.942998269, 0.980038125,
        ]
      case .frequencyWeightedIoU, .boundaryIoU:
        [
          0.000365390355, 0.984171689, 0.969491959, 0.992340326, 0.988328516, 0.995552719, 0.354609758, 0.267221928,
          0.560551465, 0.435290039, 0.565432191, 0.601448298,
        ]
      case .meanAccuracy, .globalAccuracy:
        [0.021453928, 0.73905742, 0.41163361, 0.79865617, 0.91986191, 0.95041156]
      case .boundaryF1:
        [
          0.81130034, 0.85261625, 0.17164576, 0.031647965, 0.20997395,
          0.4490329, 0.07847518, 0.8753038,
        ]
      }
    return SurrogateParameters(
      trusted: metric, parameterization: .bezier, theta: theta, tolerance: 5, dropsBackground: metric == .boundaryIoU)
  }

  /// Of numbers that are known to keep the constraints.
  private init(
    trusted metric: SegmentationMetric, parameterization: SurrogateParameterization, theta: [Double], tolerance: Int,
    dropsBackground: Bool
  ) {
    (self.metric, self.parameterization, self.theta) = (metric, parameterization, theta)
    (self.tolerance, self.dropsBackground) = (tolerance, dropsBackground)
  }
}
