/// Functions of one argument, and Dot.
extension CanonicalWriter {
  mutating func unary(_ primitive: Primitive, _ node: Int) -> Int {
    if let value = constantValue(node), let folded = ConstantArithmetic.value(primitive, value) {
      applied.insert(.constantFolding)
      return constant(folded)
    }
    switch primitive {
    case .neg: return scaled(-1, node)
    case .abs:
      let positive = unsigned(node, rule: .evenFunction).node
      guard hasNoKinkAtZero(positive) else { return insert(.unary(.abs, positive)) }
      applied.insert(.absOfNonNegative)
      return positive
    case .cos: return insert(.unary(.cos, unsigned(node, rule: .evenFunction).node))
    case .sin, .tanh:
      let (positive, isNegative) = unsigned(node, rule: .oddFunction)
      let written = insert(.unary(primitive, positive))
      return isNegative ? scaled(-1, written) : written
    case .relu:
      guard hasNoKinkAtZero(node) else { return insert(.unary(.relu, node)) }
      applied.insert(.reluOfNonNegative)
      return node
    case .softmax:
      guard let shifted = withoutConstant(node) else { return insert(.unary(.softmax, node)) }
      applied.insert(.softmaxShift)
      return insert(.unary(.softmax, shifted))
    case .exp, .log, .sqrt, .softplus, .sig, .sgdf, .salf, .serf, .add, .sub, .mul, .div, .dot:
      return insert(.unary(primitive, node))
    }
  }

  /// Whether Abs and Relu of a node are the node, slope included: it is never below 0, and where it can be 0 it has
  /// no gradient.
  private func hasNoKinkAtZero(_ node: Int) -> Bool {
    range(node).isNonNegative && (range(node).isPositive || !dependsOnPrediction(node))
  }

  /// The argument turned so that it does not start with a minus.
  private mutating func unsigned(_ node: Int, rule: CanonicalRule) -> (node: Int, isNegative: Bool) {
    guard isNegative(node) else { return (node, false) }
    applied.insert(rule)
    return (scaled(-1, node), true)
  }

  /// Dot as the sum of one product, numbers and sign outside.
  mutating func dot(_ left: Int, _ right: Int) -> Int {
    let joinedShape = joined(left, right)
    let product = multiply(left, right)
    guard shape(product).value == joinedShape, joinedShape != .rankZero else {
      return insert(.binary(.dot, left, right))
    }
    if constantValue(left) != 1 { applied.insert(.dotOfProduct) }
    let isSum = sum(product) != nil
    let (factor, base) = isSum ? (isNegative(product) ? -1 : 1, product) : scaledBase(product)
    let positive = isSum && factor < 0 ? scaled(-1, product) : base
    guard factor != 1, factor != 0, shape(positive).value == joinedShape else {
      return insert(.binary(.dot, constant(1), product))
    }
    applied.insert(.factorOutOfDot)
    let inner = insert(.binary(.dot, constant(1), positive))
    let outer = scaled(factor, inner)
    // A number of shape [1] would lift a rank 0 result.
    return shape(outer).value == shape(inner).value ? outer : insert(.binary(.dot, constant(1), product))
  }
}
