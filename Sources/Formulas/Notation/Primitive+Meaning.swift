/// What each primitive means, in words and signs; the documentation and the legends are made from this.
extension Primitive {
  /// The sign or name in mathematics; a primitive of one argument reads as a function of this name if it has one.
  public var symbol: String {
    switch self {
    case .neg, .sub: "−"
    case .exp: "exp"
    case .log: "log"
    case .abs: "| |"
    case .sqrt: "√"
    case .softmax: "softmax"
    case .softplus: "softplus"
    case .sig: "σ"
    case .sgdf: "sgdf"
    case .salf: "salf"
    case .serf: "serf"
    case .tanh: "tanh"
    case .sin: "sin"
    case .cos: "cos"
    case .relu: "max"
    case .add: "+"
    case .mul: "·"
    case .div: "/"
    case .dot: "Σ"
    }
  }

  /// How it is written, applied to a (and b).
  public var pattern: String {
    switch self {
    case .neg: "−a"
    case .abs: "|a|"
    case .sqrt: "√a"
    case .relu: "max(0, a)"
    case .add: "a + b"
    case .sub: "a − b"
    case .mul: "a·b"
    case .div: "a / b"
    case .dot: "Σ(a·b)"
    case .exp, .log, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos: "\(symbol)(a)"
    }
  }

  /// The value for arguments a and b, guards included; × and ÷ are the plain operations.
  public var meaning: String {
    switch self {
    case .neg: "minus a"
    case .exp: "e^min(a, 88)"
    case .log: "ln(a + 10⁻²⁰)"
    case .abs: "a without its sign"
    case .sqrt: "the square root of a"
    case .softmax: "e^a ÷ (sum of e^a over the row's classes)"
    case .softplus: "ln(1 + e^a) up to a = 20, a itself above"
    case .sig: "1 ÷ (1 + e^(−a))"
    case .sgdf: "½ (1 + 4/π × atan(tanh(π a ÷ 8)))"
    case .salf: "½ (1 + h ÷ √(1 + h²)) with h = a ÷ 2"
    case .serf: "½ (1 + erf(√π a ÷ 4))"
    case .tanh: "the hyperbolic tangent of a"
    case .sin: "the sine of a"
    case .cos: "the cosine of a"
    case .relu: "a above 0, else 0"
    case .add: "a plus b"
    case .sub: "a minus b"
    case .mul: "a times b"
    case .div: "a ÷ (b + 10⁻²⁰)"
    case .dot: "the sum of a × b over the classes of a row (over the samples where there are no classes)"
    }
  }

  /// Where the value is a finite number (for finite arguments, in Float).
  public var domain: String {
    switch self {
    case .neg, .abs, .softplus, .softmax, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu: "everywhere"
    case .exp: "everywhere, thanks to the clamp"
    case .log: "a ≥ 0; nan below −10⁻²⁰"
    case .sqrt: "a ≥ 0; nan below"
    case .add, .sub, .mul, .dot: "everywhere, but for overflow"
    case .div: "b ≠ −10⁻²⁰, but for overflow where b is close to 0"
    }
  }

  /// What keeps the value finite; nil where nothing does.
  public var guardNote: String? {
    switch self {
    case .exp: "the argument is clamped at 88"
    case .log: "10⁻²⁰ is added to the argument: log(0) = −46.05"
    case .div: "10⁻²⁰ is added to the divisor, whatever its sign"
    case .softmax: "the largest entry of the row is subtracted first"
    case .softplus: "linear above 20"
    case .neg, .abs, .sqrt, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu, .add, .sub, .mul, .dot: nil
    }
  }

  /// The slope that the gradient uses, with the convention at kinks; r is the value.
  public var slope: String {
    switch self {
    case .neg: "−1"
    case .exp: "r below 88, 0 from 88 on"
    case .log: "1 ÷ (a + 10⁻²⁰)"
    case .abs: "the sign of a; 0 at 0"
    case .sqrt: "1 ÷ (2 r); infinite at 0"
    case .softmax: "of weights g: r × (g − the row's sum of g × r)"
    case .softplus: "σ(a) up to 20, exactly 1 above"
    case .sig: "r (1 − r)"
    case .sgdf: "¼ (1 − t²) ÷ (1 + t²) with t = tanh(π a ÷ 8)"
    case .salf: "¼ c³ with c = 1 ÷ √(1 + a² ÷ 4)"
    case .serf: "¼ e^(−v²) with v = √π a ÷ 4"
    case .tanh: "1 − r²"
    case .sin: "cos(a)"
    case .cos: "−sin(a)"
    case .relu: "1 above 0, 0 elsewhere (0 at 0)"
    case .add: "1 and 1"
    case .sub: "1 and −1"
    case .mul, .dot: "b and a"
    case .div: "1 ÷ d and −(a ÷ d) ÷ d with d = b + 10⁻²⁰"
    }
  }

  /// Whether a reader of mathematics may not know the sign, or may not expect its guard.
  var needsLegend: Bool {
    switch self {
    case .exp, .log, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .div, .dot: true
    case .neg, .abs, .sqrt, .tanh, .sin, .cos, .relu, .add, .sub, .mul: false
    }
  }
}

extension Variable {
  /// What the letter holds, and its shape.
  public var meaning: String {
    switch self {
    case .x: "logits, N×C"
    case .y: "label as one-hot rows, N×C"
    case .z: "IoU of the decoded box with its target in rows of positives, 1 in all others, N×C"
    case .q: "IoU with the target at the positive class, 0 elsewhere, N×C"
    case .py: "label: 1 at the positive class, 0 elsewhere, N×C"
    case .ny: "1 − PY, N×C"
    case .u: "area of the union of predicted and target box plus 1e-7, N"
    case .i: "area of the intersection of predicted and target box, N"
    case .e: "area of the smallest box around both plus 1e-7, N"
    }
  }
}
