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
      if isAbsOrRelu(positive) { return positive }
      guard hasNoKinkAtZero(positive) else { return insert(.unary(.abs, positive)) }
      applied.insert(.absOfNonNegative)
      return positive
    case .cos: return insert(.unary(.cos, unsigned(node, rule: .evenFunction).node))
    case .sin, .tanh:
      if factor(node) == 0 {
        applied.insert(.absorbingZero)
        return node
      }
      let (positive, isNegative) = unsigned(node, rule: .oddFunction)
      let written = insert(.unary(primitive, positive))
      return isNegative ? scaled(-1, written) : written
    case .relu:
      // At 0, Relu stops an infinite gradient and Abs does not.
      if case .unary(.abs, _) = table[node], !mayDropSlopes { return insert(.unary(.relu, node)) }
      if isAbsOrRelu(node) { return node }
      if range(node).high <= 0, isTame(node), let zero = zero(shape(node).value) {
        applied.insert(.reluOfNonPositive)
        return zero
      }
      guard hasNoKinkAtZero(node) else { return insert(.unary(.relu, node)) }
      applied.insert(.reluOfNonNegative)
      return node
    case .softmax: return insert(.unary(.softmax, withoutRowShift(node) ?? node))
    case .exp:
      guard case .unary(.log, let inner) = table[node], range(inner).lies(in: 1e-7...1e38) else {
        return insert(.unary(.exp, node))
      }
      applied.insert(.expOfLog)
      return inner
    case .log:
      guard case .unary(.exp, let inner) = table[node], range(inner).lies(in: -16...87) else {
        return insert(.unary(.log, node))
      }
      applied.insert(.logOfExp)
      return inner
    case .sqrt: return rootOfSquare(node) ?? insert(.unary(.sqrt, node))
    case .softplus, .sig, .sgdf, .salf, .serf, .add, .sub, .mul, .div, .dot:
      return insert(.unary(primitive, node))
    }
  }

  /// Whether Abs and Relu of a node are the node, slope included: it is never below 0, and where it can be 0 it has
  /// no gradient.
  private mutating func hasNoKinkAtZero(_ node: Int) -> Bool {
    range(node).isNonNegative && (range(node).isPositive || !dependsOnPrediction(node))
  }

  /// Whether a node is never below 0 and has slope 0 wherever it is 0: another Abs or Relu changes nothing.
  private mutating func isAbsOrRelu(_ node: Int) -> Bool {
    switch table[node] {
    case .unary(.abs, _), .unary(.relu, _):
      applied.insert(.absAndRelu)
      return true
    case .variable, .constant, .unary, .binary: return false
    }
  }

  /// a for Mul(a,a) with a away from 0 and no overflow of the square.
  private mutating func rootOfSquare(_ node: Int) -> Int? {
    let square = product(node)
    guard square.factor == 1, square.denominators.isEmpty, square.numerators.count == 2 else { return nil }
    let start = Int(square.numerators.start)
    guard factors[start] == factors[start + 1] else { return nil }
    let base = Int(factors[start])
    let isPositive = range(base).lies(in: 1e-7...1e18)
    guard isPositive || range(base).lies(in: -1e18 ... -1e-7) else { return nil }
    applied.insert(.rootOfSquare)
    return isPositive ? base : scaled(-1, base)
  }

  /// The argument turned so that it does not start with a minus.
  private mutating func unsigned(_ node: Int, rule: CanonicalRule) -> (node: Int, isNegative: Bool) {
    guard isNegative(node) else { return (node, false) }
    applied.insert(rule)
    return (scaled(-1, node), true)
  }

  /// The shape of a sum over the last axis.
  private func dotShape(_ shape: ValueShape) -> ValueShape { shape == .perElement ? .perSample : .rankZero }

  /// Dot as the sum of one product, numbers and sign outside.
  mutating func dot(_ left: Int, _ right: Int) -> Int {
    let joinedShape = joined(left, right)
    let product = multiply(left, right)
    guard shape(product).value == joinedShape, joinedShape != .rankZero else {
      return insert(.binary(.dot, left, right))
    }
    if constantValue(left) != 1 { applied.insert(.dotOfProduct) }
    let isSum = isSum(product)
    let (factor, base) = isSum ? (isNegative(product) ? -1 : 1, product) : scaledBase(product)
    let positive = isSum && factor < 0 ? scaled(-1, product) : base
    if factor == 0, let zero = zero(dotShape(joinedShape)), isTame(base) { return zero }
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
