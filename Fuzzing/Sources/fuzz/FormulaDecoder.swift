import Formulas

/// Makes a formula of a mode from choices: a stack machine of leaves, primitives and parts made before.
///
/// Every byte string is a formula whose names and shapes fit, so that the fuzzer spends its time behind the parser.
struct FormulaDecoder {
  private let mode: Mode
  private var builder = FormulaBuilder()
  private var stack: [Int] = []
  /// The shape of each node of the builder.
  private var shapes: [ValueShape] = []

  /// No more operations than this make one formula.
  static let longest = 150

  static func formula(of mode: Mode, from choices: inout Choices) -> Formula {
    var decoder = FormulaDecoder(mode: mode)
    let count = min(Int(choices.byte()), longest)
    for _ in 0..<count where !choices.isEmpty { decoder.step(&choices) }
    return decoder.formula()
  }

  private init(mode: Mode) { self.mode = mode }

  private mutating func step(_ choices: inout Choices) {
    let code = Int(choices.byte())
    switch code % 4 {
    case 0: push(.variable(mode.variables[code / 4 % mode.variables.count]))
    case 1: push(.constant(Self.constant(code / 4, &choices)))
    case 2: apply(mode.primitives[code / 4 % mode.primitives.count])
    case _: if !shapes.isEmpty { stack.append(choices.index(below: shapes.count)) }
    }
  }

  /// The search's numbers mostly; else numbers at the edges, or any finite one.
  private static func constant(_ code: Int, _ choices: inout Choices) -> Double {
    if code < 32 { return Double(code % 3 + 1) }
    if code < 56 { return edges[choices.index(below: edges.count)] }
    let value = Double(bitPattern: choices.bits(8))
    return value.isFinite ? value : 0.5
  }

  private static let edges: [Double] = [
    0, -1, 0.5, 88, 88.5, -88, 1e-20, -1e-20, 1e20, 1e38, -1e38, 3.5e38, 1e-38, 1e-45, 1e300, -1e300,
    Double.leastNonzeroMagnitude,
    9_007_199_254_740_992, -9_223_372_036_854_775_808, .pi, 1e-7, 20, 16_777_217,
  ]

  private mutating func push(_ leaf: Node) {
    if case .variable = leaf { insert(leaf, mode.variableShape) } else { insert(leaf, .one) }
  }

  /// Applies a primitive to the top of the stack; nothing happens where the shapes do not fit.
  private mutating func apply(_ primitive: Primitive) {
    if primitive.arity == 1 {
      guard let child = stack.last else { return }
      let shape = shapes[child]
      guard primitive != .softmax || shape == .perElement else { return }
      stack.removeLast()
      let gainsAxis = (primitive == .serf || primitive == .sgdf) && shape == .rankZero
      insert(.unary(primitive, child), gainsAxis ? .one : shape)
    } else {
      guard stack.count >= 2 else { return }
      let (left, right) = (stack[stack.count - 2], stack[stack.count - 1])
      guard let shape = Self.shape(primitive, shapes[left], shapes[right]) else { return }
      stack.removeLast(2)
      insert(.binary(primitive, left, right), shape)
    }
  }

  private mutating func insert(_ node: Node, _ shape: ValueShape) {
    let index = builder.insert(node)
    if index == shapes.count { shapes.append(shape) }
    stack.append(index)
  }

  /// The shape of a primitive of two arguments; nil where they do not combine.
  private static func shape(_ primitive: Primitive, _ left: ValueShape, _ right: ValueShape) -> ValueShape? {
    let order: [ValueShape] = [.rankZero, .one, .perSample, .perElement]
    let both = Set([left, right])
    if both == [.perSample, .perElement] { return nil }
    guard let joined = order.last(where: both.contains) else { return nil }
    guard primitive == .dot else { return joined }
    switch joined {
    case .rankZero: return nil
    case .one, .perSample: return .rankZero
    case .perElement: return .perSample
    }
  }

  /// What is on the stack, added up from the top as far as the shapes fit.
  private mutating func formula() -> Formula {
    if stack.isEmpty { push(.variable(mode.variables[0])) }
    while stack.count > 1 {
      let before = stack.count
      apply(.add)
      if stack.count == before { stack.remove(at: before - 2) }
    }
    return builder.build(root: stack[0])
  }
}
