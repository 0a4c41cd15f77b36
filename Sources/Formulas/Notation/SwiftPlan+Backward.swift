/// The reverse mode of a generated Swift function: one sum of terms for the gradient of every node.
extension SwiftPlan {
  mutating func writeBackward() {
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
