import Formulas

/// Values in the field of integers modulo 2^61 − 1, where sums and products are exact and every function is a hash.
///
/// Two ways to write a formula that are equal by the laws of a field (associativity, a − b = a + (−b)) have equal
/// values; others differ but for a chance of about 2^−60.
struct ModularMathematics {
  static let prime: UInt64 = (1 << 61) - 1
  let seed: UInt64

  /// The value of a formula.
  func value(of formula: Formula) -> UInt64 {
    var values: [UInt64] = []
    for node in formula.nodes {
      switch node {
      case .variable(let variable): values.append(named(variable.rawValue, 0))
      case .constant(let value): values.append(value < 0 ? minus(number("\(-value)")) : number("\(value)"))
      case .unary(.neg, let child): values.append(minus(values[child]))
      case .unary(let primitive, let child): values.append(named(Self.name(of: primitive), values[child]))
      case .binary(let primitive, let left, let right):
        values.append(binary(primitive, values[left], values[right]))
      }
    }
    return values[formula.root]
  }

  private func binary(_ primitive: Primitive, _ a: UInt64, _ b: UInt64) -> UInt64 {
    switch primitive {
    case .add: return plus(a, b)
    case .sub: return plus(a, minus(b))
    case .div: return quotient(a, b)
    case .dot: return named("Σ", times(a, b))
    case .mul, .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      return times(a, b)
    }
  }

  /// The name of a function as mathematics writes it.
  static func name(of primitive: Primitive) -> String {
    switch primitive {
    case .sig: "σ"
    case .relu: "max"
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sgdf, .salf, .serf, .tanh, .sin, .cos, .add, .sub, .mul,
      .div, .dot:
      primitive.rawValue.lowercased()
    }
  }

  func plus(_ a: UInt64, _ b: UInt64) -> UInt64 { (a + b) % Self.prime }
  func minus(_ a: UInt64) -> UInt64 { a == 0 ? 0 : Self.prime - a }

  func times(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return Self.prime.dividingFullWidth(product).remainder
  }

  func quotient(_ a: UInt64, _ b: UInt64) -> UInt64 {
    if b == 0 { return named("by zero", a) }
    var (inverse, base, exponent) = (UInt64(1), b, Self.prime - 2)
    while exponent > 0 {
      if exponent & 1 == 1 { inverse = times(inverse, base) }
      base = times(base, base)
      exponent >>= 1
    }
    return times(a, inverse)
  }

  /// A whole number is itself, any other is a hash of its value.
  func number(_ digits: String) -> UInt64 {
    guard let value = Double(digits) else { return named(digits, 0) }
    if let whole = UInt64(exactly: value), whole < Self.prime { return whole }
    return named("number", value.bitPattern % Self.prime)
  }

  /// A hash of a name and a value.
  func named(_ name: String, _ a: UInt64) -> UInt64 {
    var hash = seed ^ 0xcbf2_9ce4_8422_2325
    func mix(_ word: UInt64) {
      hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
      hash ^= hash >> 29
    }
    for byte in name.utf8 { mix(UInt64(byte)) }
    mix(a)
    mix(a ^ seed)
    return hash % Self.prime
  }
}
