import Formulas
import Foundation

/// The meaning of each primitive for one number, in Double (golden README, "Semantics of the expression language").
public enum ReferenceFunctions {
  /// Added to the argument of Log and to the divisor of Div.
  public static let epsilon = 1e-20
  /// Where Exp clamps its argument.
  public static let expLimit = 88.0
  /// Where Softplus becomes its argument.
  public static let softplusLimit = 20.0

  /// The value of a primitive of one argument; Softmax has none for a single number and gives nan.
  public static func value(_ primitive: Primitive, _ x: Double) -> Double {
    switch primitive {
    case .neg: -x
    case .exp: exp(x > expLimit ? expLimit : x)
    case .log: log(x + epsilon)
    case .abs: Swift.abs(x)
    case .sqrt: x.squareRoot()
    case .softplus: x > softplusLimit ? x : log1p(exp(x))
    case .sig: sigmoid(x)
    case .sgdf: (1 + 4 / .pi * atan(tanh(.pi * x / 8))) / 2
    case .salf: (1 + (x / 2) / (1 + x * x / 4).squareRoot()) / 2
    case .serf: (1 + erf(x * Double.pi.squareRoot() / 4)) / 2
    case .tanh: tanh(x)
    case .sin: sin(x)
    case .cos: cos(x)
    case .relu: x < 0 ? 0 : x
    case .softmax, .add, .sub, .mul, .div, .dot: .nan
    }
  }

  /// The gradient of the argument from the argument x, the result r and the gradient g of the result.
  ///
  /// At kinks as autograd has it: Abs 0 at 0, Relu 0 at 0 and 1 at nan, Exp 0 from its limit on.
  public static func pullback(_ primitive: Primitive, x: Double, r: Double, g: Double) -> Double {
    switch primitive {
    case .neg: return -g
    case .exp: return x < expLimit ? g * r : 0
    case .log: return g / (x + epsilon)
    case .abs: return g * (x > 0 ? 1 : x < 0 ? -1 : 0)
    case .sqrt: return g / (2 * r)
    case .softplus: return x > softplusLimit ? g : g * sigmoid(x)
    case .sig: return g * (r * (1 - r))
    case .sgdf:
      let t = tanh(.pi * x / 8)
      return g * (1 - t * t) / (1 + t * t) / 4
    case .salf:
      let c = 1 / (1 + x * x / 4).squareRoot()
      return g * c * c * c / 4
    case .serf:
      let v = x * Double.pi.squareRoot() / 4
      return g * exp(-v * v) / 4
    case .tanh: return g * (1 - r * r)
    case .sin: return g * cos(x)
    case .cos: return -g * sin(x)
    case .relu: return r <= 0 ? 0 : g
    case .softmax, .add, .sub, .mul, .div, .dot: return .nan
    }
  }

  /// The value of a primitive of two arguments for one pair of numbers; Dot is its product, not yet summed.
  public static func value(_ primitive: Primitive, _ a: Double, _ b: Double) -> Double {
    switch primitive {
    case .add: a + b
    case .sub: a - b
    case .mul, .dot: a * b
    case .div: a / (b + epsilon)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu: .nan
    }
  }

  /// The gradients of both arguments from the gradient g of the result.
  public static func pullback(_ primitive: Primitive, a: Double, b: Double, g: Double) -> (Double, Double) {
    switch primitive {
    case .add: return (g, g)
    case .sub: return (g, -g)
    case .mul, .dot: return (g * b, g * a)
    case .div:
      let d = b + epsilon
      return (g / d, -g * ((a / d) / d))
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      return (.nan, .nan)
    }
  }

  /// 1 / (1 + e^−x), without overflow.
  private static func sigmoid(_ x: Double) -> Double {
    let z = exp(-Swift.abs(x))
    return (x < 0 ? z : 1) / (1 + z)
  }
}

/// Softmax, the one primitive that needs a whole row.
extension ReferenceFunctions {
  /// Softmax of each row of `columns` numbers.
  package static func softmax(_ x: [Double], columns: Int) -> [Double] {
    var result = x
    for start in stride(from: 0, to: x.count, by: max(columns, 1)) {
      let row = start..<(start + columns)
      let top = x[row].reduce(-.infinity) { $1 > $0 ? $1 : $0 }
      var sum = 0.0
      for k in row {
        result[k] = value(.exp, x[k] - top)
        sum += result[k]
      }
      for k in row { result[k] /= sum }
    }
    return result
  }

  /// Adds r (g − Σ g r) in each row: the gradient of what Softmax made r of, given that of r.
  package static func addSoftmaxPullback(r: [Double], g: [Double], columns: Int, to gradient: inout [Double]) {
    for start in stride(from: 0, to: r.count, by: max(columns, 1)) {
      let row = start..<(start + columns)
      let sum = row.reduce(0.0) { $0 + g[$1] * r[$1] }
      for k in row { gradient[k] += r[k] * (g[k] - sum) }
    }
  }
}
