/// The statements of a generated Swift function: forward, and from the root back.
///
/// In an elementwise plan every name is a number of the current entry; otherwise it is an array.
struct SwiftPlan {
  /// Whether the entries can be computed one after the other.
  let isElementwise: Bool
  private(set) var forward: [String] = []
  var backward: [String] = []
  /// The gradient of each variable that the value depends on.
  var gradients: [(variable: Variable, text: String)] = []
  private(set) var helpers: Set<SwiftHelper> = []

  let formula: Formula
  let shapes: [NodeShape]
  let depends: [Bool]
  /// The name or literal of every node's value.
  var names: [String] = []
  /// The sum that makes up every node's gradient.
  var terms: [[String]]

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

  mutating func combine(_ a: String, _ b: String, _ body: String) -> String {
    use(.combine, "combine(\(a), \(b)) { \(body) }")
  }

  mutating func use(_ helper: SwiftHelper, _ text: String) -> String {
    helpers.insert(helper)
    return text
  }

  /// The length of the last axis of two joined arrays, as an expression.
  func columns(_ left: Int, _ right: Int) -> String {
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
