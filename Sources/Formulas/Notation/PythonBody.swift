/// The statements of a generated Python function, one for each part that is shared or long, and the return.
struct PythonBody {
  private(set) var lines: [String] = []
  /// The variables that the statements use.
  private(set) var used: [Variable] = []
  private(set) var helpers: Set<PythonHelper> = []

  private let formula: Formula
  private let shapes: [NodeShape]
  private let device: Variable
  private var written: [Written] = []
  private var counts: [Primitive: Int] = [:]

  /// Longer expressions are divided into statements.
  private static let longest = 80
  /// Shorter ones stay where they are.
  private static let shortest = 24

  /// How firmly an expression holds together, from loose to firm.
  private enum Binding: Int {
    case sum
    case product
    case sign
    case atom
  }

  /// The Python expression of a node.
  private struct Written {
    var text: String
    var binding: Binding
    /// Whether it is a Python number and no tensor.
    var isNumber = false

    func wrapped(_ least: Binding) -> String { binding.rawValue < least.rawValue ? "(\(text))" : text }
  }

  init(_ formula: Formula, mode: Mode, shapes: [NodeShape]) {
    self.formula = formula
    self.shapes = shapes
    used = mode.variables.filter { formula.nodes.contains(.variable($0)) }
    device = used.first ?? mode.variables[0]
    let shared = formula.sharedParts
    for (index, node) in formula.nodes.enumerated() {
      var expression = write(node, index)
      if expression.text.count > Self.longest {
        divide(node)
        expression = write(node, index)
      }
      let isLong = index != formula.root && expression.text.count > Self.longest
      let isShared = shared[index] && expression.text.count > 3
      if isLong || (isShared && !expression.isNumber) { expression = named(expression, node) }
      written.append(expression)
    }
    lines.append("return \(tensor(formula.root).text)")
  }

  /// Makes statements of the longer operands of a node.
  private mutating func divide(_ node: Node) {
    for child in node.children where written[child].text.count > Self.shortest {
      written[child] = named(written[child], formula.nodes[child])
    }
  }

  /// Makes a statement of an expression.
  private mutating func named(_ expression: Written, _ node: Node) -> Written {
    let primitive: Primitive
    switch node {
    case .variable, .constant: return expression
    case .unary(let used, _), .binary(let used, _, _): primitive = used
    }
    counts[primitive, default: 0] += 1
    let name = "\(primitive.rawValue.lowercased())\(counts[primitive, default: 1])"
    lines.append("\(name) = \(expression.text)")
    return Written(text: name, binding: .atom)
  }

  private mutating func write(_ node: Node, _ index: Int) -> Written {
    switch node {
    case .variable(let variable): Written(text: variable.rawValue, binding: .atom)
    case .constant(let value): Self.number(value)
    case .unary(let primitive, let child): unary(primitive, child, index)
    case .binary(let primitive, let left, let right): binary(primitive, left, right)
    }
  }

  /// A number that is infinite in float32 is spelled so, since PyTorch refuses it otherwise.
  private static func number(_ value: Double) -> Written {
    let single = Float(value)
    if single.isNaN { return Written(text: "float(\"nan\")", binding: .atom, isNumber: true) }
    if single.isInfinite {
      return Written(text: "float(\"\(single < 0 ? "-inf" : "inf")\")", binding: .atom, isNumber: true)
    }
    return Written(text: "\(value)", binding: value.sign == .minus ? .sign : .atom, isNumber: true)
  }

  private mutating func unary(_ primitive: Primitive, _ child: Int, _ index: Int) -> Written {
    if primitive == .neg {
      let inner = written[child]
      return Written(text: "-\(inner.wrapped(.sign))", binding: .sign, isNumber: inner.isNumber)
    }
    let argument = tensor(child).text
    let text = "\(function(primitive))(\(argument)\(primitive == .softmax ? ", dim=1" : ""))"
    let gainsAxis = shapes[child].value == .rankZero && shapes[index].value == .one
    return Written(text: gainsAxis ? "\(text).reshape(1)" : text, binding: .atom)
  }

  private mutating func function(_ primitive: Primitive) -> String {
    if let helper = PythonHelper(primitive) {
      helpers.insert(helper)
      if helper == .log || helper == .div { helpers.insert(.shifted) }
      return "_\(primitive.rawValue.lowercased())"
    }
    return switch primitive {
    case .sig: "torch.sigmoid"
    case .softplus: "nn.functional.softplus"
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu, .add, .sub, .mul,
      .div, .dot:
      "torch.\(primitive.rawValue.lowercased())"
    }
  }

  private mutating func binary(_ primitive: Primitive, _ left: Int, _ right: Int) -> Written {
    let isDivision = primitive == .div
    let a = isDivision ? tensor(left) : operand(left, beside: right)
    let b = isDivision ? tensor(right) : operand(right, beside: left)
    switch primitive {
    case .add: return Written(text: "\(a.wrapped(.sum)) + \(b.wrapped(.product))", binding: .sum)
    case .sub: return Written(text: "\(a.wrapped(.sum)) - \(b.wrapped(.product))", binding: .sum)
    case .mul: return Written(text: "\(a.wrapped(.product)) * \(b.wrapped(.sign))", binding: .product)
    case .dot: return Written(text: "(\(a.wrapped(.product)) * \(b.wrapped(.sign))).sum(-1)", binding: .atom)
    case .div, .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos,
      .relu:
      return Written(text: "\(function(primitive))(\(a.text), \(b.text))", binding: .atom)
    }
  }

  /// A number may stay one beside a tensor that has its own axis.
  private mutating func operand(_ node: Int, beside other: Int) -> Written {
    if written[node].isNumber, !written[other].isNumber, shapes[other].value != .rankZero { return written[node] }
    return tensor(node)
  }

  /// The expression of a node as a tensor.
  private mutating func tensor(_ node: Int) -> Written {
    let expression = written[node]
    guard expression.isNumber else { return expression }
    helpers.insert(.constant)
    return Written(text: "_constant(\(expression.text), like=\(device.rawValue))", binding: .atom)
  }
}
