/// The statements of a generated Swift function: forward, and from the root back.
///
/// In an elementwise plan every name is a number of the current entry; otherwise it is an array.
struct SwiftPlan {
  /// Whether the entries can be computed one after the other.
  let isElementwise: Bool
  private(set) var forward: [String] = []
  private(set) var backward: [String] = []
  /// The gradient of each variable that the value depends on.
  private(set) var gradients: [(variable: Variable, text: String)] = []
  private(set) var helpers: Set<SwiftHelper> = []

  private let formula: Formula
  private let shapes: [NodeShape]
  private let depends: [Bool]
  /// The name or literal of every node's value.
  private var names: [String] = []
  /// The sum that makes up every node's gradient.
  private var terms: [[String]]

  init(_ formula: Formula, mode: Mode, shapes: [NodeShape]) {
    self.formula = formula
    self.shapes = shapes
    let needsRows = formula.nodes.contains {
      switch $0 {
      case .unary(.softmax, _), .binary(.dot, _, _): true
      case .variable, .constant, .unary, .binary: false
      }
    }
    isElementwise = !needsRows && shapes[formula.root].value == mode.variableShape
    var depends: [Bool] = []
    for node in formula.nodes {
      if case .variable(let variable) = node {
        depends.append(mode.differentiableVariables.contains(variable))
      } else {
        depends.append(node.children.contains { depends[$0] })
      }
    }
    self.depends = depends
    terms = Array(repeating: [], count: formula.nodeCount)
    for (index, node) in formula.nodes.enumerated() { writeForward(node, index) }
    if hasGradient { writeBackward() }
  }

  /// The name of a variable's value.
  static func local(_ variable: Variable) -> String { variable.rawValue.lowercased() }

  var value: String { names[formula.root] }
  var hasGradient: Bool { depends[formula.root] }
  /// The name of the upstream weight.
  var seed: String { "g\(formula.root)" }

  private mutating func writeForward(_ node: Node, _ index: Int) {
    switch node {
    case .variable(let variable): names.append(isElementwise ? Self.local(variable) : variable.rawValue)
    case .constant(let value):
      let literal = Self.literal(value)
      names.append(isElementwise ? (value < 0 ? "(\(literal))" : literal) : "[\(literal)]")
    case .unary(let primitive, let child):
      let text: String
      if primitive == .softmax {
        text = use(.softmax, "softmaxOfRows(\(names[child]), classes)")
      } else if isElementwise {
        text = unary(primitive, names[child])
      } else {
        text = "\(names[child]).map { \(unary(primitive, "$0")) }"
      }
      define(index, text)
    case .binary(let primitive, let left, let right):
      if isElementwise {
        define(index, binary(primitive, names[left], names[right]))
      } else {
        let pairs = combine(names[left], names[right], binary(primitive, "$0", "$1"))
        define(index, primitive == .dot ? use(.sums, "sumsOfRows(\(pairs), \(columns(left, right)))") : pairs)
      }
    }
  }

  private mutating func define(_ index: Int, _ text: String) {
    forward.append("let v\(index): \(isElementwise ? "Double" : "[Double]") = \(text)")
    names.append("v\(index)")
  }

  private mutating func combine(_ a: String, _ b: String, _ body: String) -> String {
    use(.combine, "combine(\(a), \(b)) { \(body) }")
  }

  private mutating func use(_ helper: SwiftHelper, _ text: String) -> String {
    helpers.insert(helper)
    return text
  }

  /// The length of the last axis of two joined arrays, as an expression.
  private func columns(_ left: Int, _ right: Int) -> String {
    let joined = [shapes[left].value, shapes[right].value]
    if joined.contains(.perElement) { return "classes" }
    guard joined.contains(.perSample) else { return "1" }
    return "\(names[shapes[left].value == .perSample ? left : right]).count"
  }

  static func literal(_ value: Double) -> String {
    if value.isNaN { return "Double.nan" }
    return value.isInfinite ? (value < 0 ? "-Double.infinity" : "Double.infinity") : "\(value)"
  }

  private mutating func unary(_ primitive: Primitive, _ x: String) -> String {
    switch primitive {
    case .neg: "-\(x)"
    case .exp: "exp(\(x) > 88 ? 88 : \(x))"
    case .log: "log(\(x) + 1e-20)"
    case .abs: "abs(\(x))"
    case .sqrt: "\(x).squareRoot()"
    case .softplus: "\(x) > 20 ? \(x) : log1p(exp(\(x)))"
    case .sig: use(.sigmoid, "sigmoid(\(x))")
    case .sgdf: "(1 + 4 / Double.pi * atan(tanh(Double.pi * \(x) / 8))) / 2"
    case .salf: "(1 + (\(x) / 2) / (1 + \(x) * \(x) / 4).squareRoot()) / 2"
    case .serf: "(1 + erf(\(x) * Double.pi.squareRoot() / 4)) / 2"
    case .tanh: "tanh(\(x))"
    case .sin: "sin(\(x))"
    case .cos: "cos(\(x))"
    case .relu: "\(x) < 0 ? 0 : \(x)"
    case .softmax, .add, .sub, .mul, .div, .dot: x
    }
  }

  private func binary(_ primitive: Primitive, _ a: String, _ b: String) -> String {
    switch primitive {
    case .add: "\(a) + \(b)"
    case .sub: "\(a) - \(b)"
    case .mul, .dot: "\(a) * \(b)"
    case .div: "\(a) / (\(b) + 1e-20)"
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu: a
    }
  }
}

extension SwiftPlan {
  private mutating func writeBackward() {
    for (index, node) in formula.nodes.enumerated().reversed() where depends[index] {
      let g = gradientName(index)
      switch node {
      case .constant: continue
      case .variable(let variable): gradients.append((variable, g))
      case .unary(.softmax, let child):
        terms[child].append(use(.softmaxSlope, "softmaxGradient(\(names[index]), \(g), classes)"))
      case .unary(let primitive, let child):
        terms[child].append(unaryTerm(primitive, x: names[child], r: names[index], g: g))
      case .binary(let primitive, let left, let right):
        writeTerms(primitive, left, right, g: g)
      }
    }
    gradients.sort { $0.variable.index < $1.variable.index }
  }

  /// The name of a node's gradient, after its statements.
  private mutating func gradientName(_ index: Int) -> String {
    let name = "g\(index)"
    guard index != formula.root else { return name }
    let parts = terms[index]
    if parts.count == 1, parts[0].allSatisfy({ $0.isLetter || $0.isNumber }) { return parts[0] }
    if isElementwise, parts.count <= 2 {
      backward.append("let \(name): Double = \(parts.joined(separator: " + "))")
    } else if parts.count == 1 {
      backward.append("let \(name): [Double] = \(parts[0])")
    } else {
      backward.append("var \(name): \(isElementwise ? "Double" : "[Double]") = \(parts[0])")
      for part in parts.dropFirst() {
        backward.append(isElementwise ? "\(name) += \(part)" : "\(name) = \(combine(name, part, "$0 + $1"))")
      }
    }
    return name
  }

  private mutating func unaryTerm(_ primitive: Primitive, x: String, r: String, g: String) -> String {
    if isElementwise { return slope(primitive, x: x, r: r, g: g) }
    switch primitive {
    case .neg: return "\(g).map { -$0 }"
    case .sig, .tanh, .sqrt, .relu: return combine(r, g, slope(primitive, x: "$0", r: "$0", g: "$1"))
    case .exp:
      let kept = combine(x, r, "$0 < 88 ? $1 : 0")
      return combine(kept, g, "$1 * $0")
    case .log, .abs, .softplus, .sgdf, .salf, .serf, .sin, .cos, .softmax, .add, .sub, .mul, .div, .dot:
      return combine(x, g, slope(primitive, x: "$0", r: "$0", g: "$1"))
    }
  }

  /// The gradient of an argument x from the result r and its gradient g; one product, safe inside a sum.
  private mutating func slope(_ primitive: Primitive, x: String, r: String, g: String) -> String {
    switch primitive {
    case .neg: "(-\(g))"
    case .exp: "(\(x) < 88 ? \(g) * \(r) : 0)"
    case .log: "\(g) / (\(x) + 1e-20)"
    case .abs: "\(g) * (\(x) > 0 ? 1 : \(x) < 0 ? -1 : 0)"
    case .sqrt: "\(g) / (2 * \(r))"
    case .softplus: "(\(x) > 20 ? \(g) : \(g) * \(use(.sigmoid, "sigmoid(\(x))")))"
    case .sig: "\(g) * (\(r) * (1 - \(r)))"
    case .sgdf: use(.sgdfSlope, "\(g) * sgdfSlope(\(x))")
    case .salf: use(.salfSlope, "\(g) * salfSlope(\(x))")
    case .serf: use(.serfSlope, "\(g) * serfSlope(\(x))")
    case .tanh: "\(g) * (1 - \(r) * \(r))"
    case .sin: "\(g) * cos(\(x))"
    case .cos: "(-\(g)) * sin(\(x))"
    case .relu: "(\(r) <= 0 ? 0 : \(g))"
    case .softmax, .add, .sub, .mul, .div, .dot: g
    }
  }

  /// The terms of both arguments; a result that is spread over the other's entries is summed again.
  private mutating func writeTerms(_ primitive: Primitive, _ left: Int, _ right: Int, g: String) {
    let (a, b) = (names[left], names[right])
    if isElementwise {
      if depends[left] { terms[left].append(leftTerm(primitive, b: b, g: g)) }
      if depends[right] { terms[right].append(rightTerm(primitive, a: a, b: b, g: g)) }
      return
    }
    let upstream = primitive == .dot ? use(.repeated, "repeated(\(g), \(columns(left, right)))") : g
    if depends[left] {
      terms[left].append(gathered(combine(b, upstream, leftTerm(primitive, b: "$0", g: "$1")), from: right, to: left))
    }
    guard depends[right] else { return }
    let term: String
    switch primitive {
    case .add: term = combine(a, upstream, "$1")
    case .sub: term = combine(a, upstream, "-$1")
    case .mul, .dot: term = combine(a, upstream, "$1 * $0")
    case .div:
      let slope = combine(a, b, "-($0 / ($1 + 1e-20)) / ($1 + 1e-20)")
      term = combine(slope, upstream, "$1 * $0")
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      term = upstream
    }
    terms[right].append(gathered(term, from: left, to: right))
  }

  private func leftTerm(_ primitive: Primitive, b: String, g: String) -> String {
    switch primitive {
    case .mul, .dot: "\(g) * \(b)"
    case .div: "\(g) / (\(b) + 1e-20)"
    case .add, .sub, .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos,
      .relu:
      g
    }
  }

  private func rightTerm(_ primitive: Primitive, a: String, b: String, g: String) -> String {
    switch primitive {
    case .sub: "(-\(g))"
    case .mul, .dot: "\(g) * \(a)"
    case .div: "(-\(g)) * (\(a) / (\(b) + 1e-20) / (\(b) + 1e-20))"
    case .add, .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      g
    }
  }

  private mutating func gathered(_ term: String, from other: Int, to node: Int) -> String {
    let (own, others) = (shapes[node].value, shapes[other].value)
    let isOne = own == .rankZero || own == .one
    let otherIsOne = others == .rankZero || others == .one
    return isOne && !otherIsOne ? "[\(term).reduce(0, +)]" : term
  }
}
