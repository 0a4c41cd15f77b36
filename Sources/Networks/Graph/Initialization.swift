import Randomness

/// How the weights of a convolution or linear layer start.
public enum Initialization: Hashable, Sendable {
  /// Normal, deviation sqrt(2 / fan-out) (He et al., 2015, eq. 14, as ResNets use it; fan-out = outputs · kernel area).
  case he
  /// Normal, deviation sqrt(2 / fan-in) (He et al., 2015, eq. 10).
  case heFanIn
  /// Uniform in ± sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio, 2010, eq. 16).
  case xavier
  /// Normal with the given deviation.
  case normal(Float)
  /// Every weight the same.
  case constant(Float)

  /// Fills `weights`, drawing one number for each in order.
  func fill(
    _ weights: UnsafeMutableBufferPointer<Float>, fanIn: Int, fanOut: Int, generator: inout SeededGenerator
  ) {
    switch self {
    case .he: Self.fillNormal(weights, deviation: (2 / Double(fanOut)).squareRoot(), generator: &generator)
    case .heFanIn: Self.fillNormal(weights, deviation: (2 / Double(fanIn)).squareRoot(), generator: &generator)
    case .xavier:
      let bound = (6 / Double(fanIn + fanOut)).squareRoot()
      for index in weights.indices { weights[index] = Float(generator.uniform(-bound, bound)) }
    case .normal(let deviation): Self.fillNormal(weights, deviation: Double(deviation), generator: &generator)
    case .constant(let value): weights.update(repeating: value)
    }
  }

  private static func fillNormal(
    _ weights: UnsafeMutableBufferPointer<Float>, deviation: Double, generator: inout SeededGenerator
  ) {
    for index in weights.indices { weights[index] = Float(deviation * generator.normal()) }
  }
}
