/// The signs of one way to write mathematics.
enum MathStyle {
  /// One line of Unicode.
  case infix
  /// LaTeX with amsmath.
  case latex

  /// Whether quotients and roots are drawn with bars, which group what is below them.
  var drawsFractions: Bool { self == .latex }

  var minusSign: String { self == .latex ? "-" : "−" }
  var times: String { self == .latex ? " \\cdot " : "·" }
  var squared: String { self == .latex ? "^{2}" : "²" }

  func open(aroundTall: Bool) -> String { self == .latex && aroundTall ? "\\left(" : "(" }
  func close(aroundTall: Bool) -> String { self == .latex && aroundTall ? "\\right)" : ")" }
  func openBar(aroundTall: Bool) -> String { self == .latex ? (aroundTall ? "\\left|" : "\\lvert ") : "|" }
  func closeBar(aroundTall: Bool) -> String { self == .latex ? (aroundTall ? "\\right|" : "\\rvert") : "|" }

  /// Between the definitions of parts.
  var separator: String { self == .latex ? ";\\; " : "; " }

  func name(ofPart number: Int) -> String { self == .latex ? "p_{\(number)}" : "p\(number)" }

  func name(of variable: Variable) -> String {
    self == .latex && variable.rawValue.count > 1 ? "\\mathit{\(variable.rawValue)}" : variable.rawValue
  }

  func name(of primitive: Primitive) -> String {
    guard self == .latex else { return primitive.symbol }
    return switch primitive {
    case .exp: "\\exp"
    case .log: "\\log"
    case .sig: "\\sigma"
    case .tanh: "\\tanh"
    case .sin: "\\sin"
    case .cos: "\\cos"
    case .relu: "\\max"
    case .neg, .abs, .sqrt, .softmax, .softplus, .sgdf, .salf, .serf, .add, .sub, .mul, .div, .dot:
      "\\operatorname{\(primitive.rawValue.lowercased())}"
    }
  }

  /// A number; its digits are those of the printed formula.
  func number(_ value: Double) -> String {
    if value.isNaN { return self == .latex ? "\\mathrm{nan}" : "nan" }
    if value.isInfinite { return (value < 0 ? minusSign : "") + (self == .latex ? "\\infty" : "∞") }
    let digits = Formula.spelling(of: value.magnitude)
    return (value < 0 ? minusSign : "") + (self == .latex ? Self.power(digits) : digits)
  }

  /// LaTeX writes 1.5e-07 as a product with a power of ten.
  func core(of value: Double) -> MathBinding.Core {
    self == .latex && value.isFinite && Formula.spelling(of: value).contains("e") ? .product : .atom
  }

  private static func power(_ digits: String) -> String {
    let parts = digits.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return digits }
    return "\(parts[0]) \\times 10^{\(exponent)}"
  }
}
