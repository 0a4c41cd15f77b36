import Foundation

/// The primitives of one argument and their slopes in Double, without the cancellation of their definitions.
struct CurveReference {
  let value: (Double) -> Double
  let slope: (Double) -> Double

  init(_ name: String) {
    switch name {
    case "Exp":
      value = { exp(min($0, 88)) }
      slope = { $0 < 88 ? exp($0) : 0 }
    case "Log":
      value = { log(Self.shifted($0)) }
      slope = { 1 / Self.shifted($0) }
    case "Sqrt":
      value = { $0.squareRoot() }
      slope = { 0.5 / $0.squareRoot() }
    case "Softplus":
      value = { $0 > 20 ? $0 : log1p(exp($0)) }
      slope = { $0 > 20 ? 1 : Self.sigmoid($0) }
    case "Sig":
      value = Self.sigmoid
      slope = { Self.sigmoid($0) * Self.sigmoid(-$0) }
    case "Tanh":
      value = { tanh($0) }
      slope = { 4 * Self.sigmoid(2 * $0) * Self.sigmoid(-2 * $0) }
    case "Serf":
      value = { erfc(-$0 * Self.root) / 2 }
      slope = { exp(-$0 * $0 * .pi / 16) / 4 }
    case "Salf":
      value = { Self.folded($0) { h in 0.5 / ((1 + h * h / 4).squareRoot() * ((1 + h * h / 4).squareRoot() + h / 2)) } }
      slope = { 0.25 / pow(1 + $0 * $0 / 4, 1.5) }
    case "Sgdf":
      value = { Self.folded($0) { a in 2 / .pi * atan(exp(-a * .pi / 4)) } }
      slope = { x in
        let z = exp(-abs(x) * .pi / 4)
        return 0.5 * z / (1 + z * z)
      }
    case "Sin":
      value = { sin($0) }
      slope = { cos($0) }
    case "Cos":
      value = { cos($0) }
      slope = { -sin($0) }
    default:
      value = { _ in .nan }
      slope = { _ in .nan }
    }
  }

  private static let root = Double.pi.squareRoot() / 4

  /// Log's argument with eps, a sum in Float as everywhere in Float.
  private static func shifted(_ x: Double) -> Double { Double(Float(x) + 1e-20) }

  private static func sigmoid(_ x: Double) -> Double {
    let z = exp(-abs(x))
    return (x < 0 ? z : 1) / (1 + z)
  }

  /// A curve from its tail below 0.
  private static func folded(_ x: Double, _ tail: (Double) -> Double) -> Double {
    x < 0 ? tail(-x) : 1 - tail(x)
  }
}
