import Formulas
import Foundation
import Losses

/// Primitives of one argument that a narrower format computes in several operations, each of them rounded.
///
/// The S-curves are (1 + f) / 2 with f from -1 to 1: in the left tail f rounds to -1 and the result is 0, in the compiled
/// program and in PyTorch. Their slopes do not cancel, but for that of Sgdf, which is made of 1 − tanh².
extension FloatFormat {
  /// The value, not yet rounded.
  func value(_ primitive: Primitive, _ x: Double) -> Double {
    switch primitive {
    case .serf: return halved(rounded(erf(rounded(x * Double.pi.squareRoot() / 4))))
    case .sgdf: return halved(rounded(rounded(atan(sgdfTanh(x))) * Double(Float(4 / Double.pi))))
    case .salf:
      let half = rounded(x / 2)
      let square = rounded(1 + rounded(half * half))
      return halved(rounded(half / rounded(square.squareRoot())))
    case .sig: return self == .fp32 ? Self.floatSigmoid(x) : ReferenceFunctions.value(primitive, x)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .tanh, .sin, .cos, .relu, .add, .sub, .mul, .div, .dot:
      return ReferenceFunctions.value(primitive, x)
    }
  }

  /// The gradient of the argument x from the result r and its gradient g, not yet rounded.
  func pullback(_ primitive: Primitive, x: Double, r: Double, g: Double) -> Double {
    switch primitive {
    case .serf, .salf: return g * rounded(ReferenceFunctions.pullback(primitive, x: x, r: r, g: 1))
    case .sgdf:
      let square = rounded(sgdfTanh(x) * sgdfTanh(x))
      return g * rounded(rounded(1 - square) / rounded(1 + square)) / 4
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .tanh, .sin, .cos, .relu, .add, .sub, .mul, .div,
      .dot:
      return ReferenceFunctions.pullback(primitive, x: x, r: r, g: g)
    }
  }

  private func sgdfTanh(_ x: Double) -> Double { rounded(tanh(rounded(x * Double(Float(Double.pi / 8))))) }

  private func halved(_ curve: Double) -> Double { rounded(1 + curve) / 2 }

  /// 1 / (1 + e^−x) in Float, as Float implementations compute it: 1 from x = 16.64, where the sum rounds to 1. The narrower
  /// formats are computed in Float by everyone and rounded once.
  private static func floatSigmoid(_ x: Double) -> Double {
    guard !x.isNaN else { return x }
    let z = Float(exp(-x.magnitude))
    return Double((x < 0 ? z : 1) / (1 + z))
  }
}
