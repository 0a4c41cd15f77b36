import Foundation

/// A floating-point format narrower than Double, emulated by rounding (IEEE 754 binary16 and binary32; bfloat16).
///
/// Products and sums of two such numbers are rounded twice, once to Double; with 24 or fewer digits the result is that of
/// one rounding (Figueroa, When is double rounding innocuous?, 1995).
public enum FloatFormat: String, CaseIterable, Hashable, Sendable, Codable {
  case fp16, bf16, fp32

  /// Binary digits of the significand, the leading one included.
  var precision: Int {
    switch self {
    case .fp16: 11
    case .bf16: 8
    case .fp32: 24
    }
  }

  /// Exponent of the least normal number.
  var leastExponent: Int {
    switch self {
    case .fp16: -14
    case .bf16, .fp32: -126
    }
  }

  /// The largest finite number.
  public var largest: Double {
    switch self {
    case .fp16: 65_504
    case .bf16: 0x1.fep127
    case .fp32: Double(Float.greatestFiniteMagnitude)
    }
  }

  /// The nearest number of the format, ties to even; infinite beyond the largest, 0 below half the least.
  public func rounded(_ value: Double) -> Double {
    if self == .fp32 { return Double(Float(value)) }
    guard value.isFinite, value != 0 else { return value }
    let digits = max(Int(value.exponent), leastExponent) - (precision - 1)
    let scaled = scalbn(value, -digits).rounded(.toNearestOrEven)
    let result = scalbn(scaled, digits)
    return result.magnitude > largest ? (value > 0 ? .infinity : -.infinity) : result
  }
}
