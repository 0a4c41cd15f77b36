/// A function of the formula language, spelled as in the published formulas.
///
/// Log and Div add eps = 1e-20 to their (second) argument, Exp clamps its argument at 88.
public enum Primitive: String, CaseIterable, Hashable, Sendable, Codable {
  case neg = "Neg"
  case exp = "Exp"
  case log = "Log"
  case abs = "Abs"
  case sqrt = "Sqrt"
  case softmax = "Softmax"
  case softplus = "Softplus"
  case sig = "Sig"
  case sgdf = "Sgdf"
  case salf = "Salf"
  case serf = "Serf"
  case tanh = "Tanh"
  case sin = "Sin"
  case cos = "Cos"
  case relu = "Relu"
  case add = "Add"
  case sub = "Sub"
  case mul = "Mul"
  case div = "Div"
  case dot = "Dot"

  /// The number of arguments: 1 or 2.
  public var arity: Int {
    switch self {
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu: 1
    case .add, .sub, .mul, .div, .dot: 2
    }
  }

  /// A number that is stored and hashed; it never changes, whatever the order of the cases.
  public var code: UInt8 {
    switch self {
    case .neg: 1
    case .exp: 2
    case .log: 3
    case .abs: 4
    case .sqrt: 5
    case .softmax: 6
    case .softplus: 7
    case .sig: 8
    case .sgdf: 9
    case .salf: 10
    case .serf: 11
    case .tanh: 12
    case .sin: 13
    case .cos: 14
    case .relu: 15
    case .add: 16
    case .sub: 17
    case .mul: 18
    case .div: 19
    case .dot: 20
    }
  }
}

extension Primitive {
  /// By the code, not by the spelling.
  public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
