import Foundation

/// The numbers that a node can take, judged from the ranges of the variables; only ever too wide.
struct ValueRange: Hashable {
  let low: Double
  let high: Double
  /// Whether the value is a finite number for all inputs of the ranges.
  let isFinite: Bool
  /// Whether 0 itself is left out (but for underflow); false where that is not known.
  let isPositive: Bool

  init(low: Double, high: Double, isFinite: Bool, isPositive: Bool = false) {
    self.low = low
    self.high = high
    self.isFinite = isFinite
    self.isPositive = isPositive || low > 0
  }

  static let anything = ValueRange(low: -.infinity, high: .infinity, isFinite: false)
  static let anyNumber = ValueRange(low: -.infinity, high: .infinity, isFinite: true)

  /// Whether adding eps changes nothing that matters, and the sign is known.
  var isAwayFromZero: Bool { low >= 1e-7 || high <= -1e-7 }
  var isNonNegative: Bool { low >= 0 }
  func lies(in bounds: ClosedRange<Double>) -> Bool { bounds.contains(low) && bounds.contains(high) }

  /// What the wrappers put into a variable for labels and boxes that are valid (x1 ≤ x2, y1 ≤ y2, sides below 1e9).
  static func of(_ variable: Variable) -> ValueRange {
    switch variable {
    case .x: .anyNumber
    case .y, .z, .q, .py, .ny: ValueRange(low: 0, high: 1, isFinite: true)
    case .i: ValueRange(low: 0, high: 1e18, isFinite: true)
    case .u, .e: ValueRange(low: 1e-7, high: 1e18, isFinite: true)
    }
  }

  static func of(_ value: Double) -> ValueRange { ValueRange(low: value, high: value, isFinite: value.isFinite) }

  /// The range of a primitive of one argument.
  static func unary(_ primitive: Primitive, _ a: ValueRange) -> ValueRange {
    switch primitive {
    case .neg: return ValueRange(low: -a.high, high: -a.low, isFinite: a.isFinite)
    case .exp: return a.mapped(isPositive: true) { Foundation.exp(min($0, 88)) }
    case .log: return a.isNonNegative ? a.mapped { Foundation.log($0 + 1e-20) } : .anything
    case .sqrt: return a.isNonNegative ? a.mapped(isPositive: a.isPositive) { $0.squareRoot() } : .anything
    case .abs:
      if a.isNonNegative { return a }
      return ValueRange(low: max(0, -a.high), high: max(Swift.abs(a.low), Swift.abs(a.high)), isFinite: a.isFinite)
    case .relu: return a.mapped(isPositive: a.isPositive) { max($0, 0) }
    case .softplus: return a.mapped(isPositive: true) { $0 > 20 ? $0 : Foundation.log1p(Foundation.exp($0)) }
    case .softmax, .sig: return ValueRange(low: 0, high: 1, isFinite: a.isFinite, isPositive: true)
    // (1 + a curve from -1 to 1) / 2, which rounding makes 0 soon.
    case .sgdf, .salf, .serf: return ValueRange(low: 0, high: 1, isFinite: a.isFinite)
    case .tanh: return a.mapped(isPositive: a.isPositive) { Foundation.tanh($0) }
    case .sin, .cos: return ValueRange(low: -1, high: 1, isFinite: a.isFinite)
    case .add, .sub, .mul, .div, .dot: return .anything
    }
  }

  /// The range of a primitive of two arguments; subtraction and Dot are written with others before.
  static func binary(_ primitive: Primitive, _ a: ValueRange, _ b: ValueRange) -> ValueRange {
    let finite = a.isFinite && b.isFinite
    let positive = a.isPositive && b.isPositive
    switch primitive {
    case .add:
      let isPositive = (a.isPositive && b.isNonNegative) || (b.isPositive && a.isNonNegative)
      return ValueRange(low: a.low + b.low, high: a.high + b.high, isFinite: finite, isPositive: isPositive)
    case .sub: return ValueRange(low: a.low - b.high, high: a.high - b.low, isFinite: finite)
    case .mul: return spread((a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high), a, b, finite, positive)
    case .div:
      if b.isAwayFromZero {
        return spread((a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high), a, b, finite, positive)
      }
      guard b.isNonNegative else { return .anything }
      guard a.isNonNegative else { return .of(isFinite: finite) }
      return ValueRange(low: 0, high: .infinity, isFinite: finite, isPositive: positive)
    case .dot:
      return a.isNonNegative && b.isNonNegative
        ? ValueRange(low: 0, high: .infinity, isFinite: finite) : .of(isFinite: finite)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      return .anything
    }
  }

  private static func of(isFinite: Bool) -> ValueRange { isFinite ? .anyNumber : .anything }

  /// The corners' hull; 0 · ∞ counts as no information but the signs.
  private static func spread(
    _ corners: (Double, Double, Double, Double), _ a: ValueRange, _ b: ValueRange, _ isFinite: Bool, _ isPositive: Bool
  ) -> ValueRange {
    let (one, two, three, four) = corners
    if one.isNaN || two.isNaN || three.isNaN || four.isNaN {
      let low = a.isNonNegative && b.isNonNegative ? 0 : -Double.infinity
      return ValueRange(low: low, high: .infinity, isFinite: isFinite, isPositive: isPositive)
    }
    return ValueRange(
      low: min(one, two, three, four), high: max(one, two, three, four), isFinite: isFinite, isPositive: isPositive)
  }

  private func mapped(isPositive: Bool = false, _ rising: (Double) -> Double) -> ValueRange {
    ValueRange(low: rising(low), high: rising(high), isFinite: isFinite, isPositive: isPositive)
  }
}
