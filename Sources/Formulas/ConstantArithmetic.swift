import Foundation

/// Primitives of numbers known beforehand, in Double; nil where the result is not finite or no number alone.
enum ConstantArithmetic {
  static func value(_ primitive: Primitive, _ x: Double) -> Double? {
    let result: Double
    switch primitive {
    case .neg: result = -x
    case .exp: result = Foundation.exp(min(x, 88))
    case .log: result = Foundation.log(x + 1e-20)
    case .abs: result = Swift.abs(x)
    case .sqrt: result = x.squareRoot()
    case .softplus: result = x > 20 ? x : Foundation.log1p(Foundation.exp(x))
    case .sig: result = 1 / (1 + Foundation.exp(-x))
    case .sgdf: result = (1 + 4 / .pi * Foundation.atan(Foundation.tanh(.pi * x / 8))) / 2
    case .salf: result = (1 + (x / 2) / (1 + x * x / 4).squareRoot()) / 2
    case .serf: result = (1 + Foundation.erf(x * Double.pi.squareRoot() / 4)) / 2
    case .tanh: result = Foundation.tanh(x)
    case .sin: result = Foundation.sin(x)
    case .cos: result = Foundation.cos(x)
    case .relu: result = max(x, 0)
    case .softmax, .add, .sub, .mul, .div, .dot: return nil
    }
    return result.isFinite ? result : nil
  }

  static func value(_ primitive: Primitive, _ a: Double, _ b: Double) -> Double? {
    let result: Double
    switch primitive {
    case .add: result = a + b
    case .sub: result = a - b
    case .mul: result = a * b
    case .div: result = a / (b + 1e-20)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu, .dot:
      return nil
    }
    return result.isFinite ? result : nil
  }
}
