/// Products and quotients: flat, the number first, factors and divisors sorted, the sign outside.
extension CanonicalWriter {
  /// The node as number · node without a number.
  func scaledBase(_ node: Int) -> (factor: Double, base: Int) {
    switch builder.nodes[node] {
    case .unary(.neg, let child):
      let inner = scaledBase(child)
      return (-inner.factor, inner.base)
    case .binary(.mul, let left, let right):
      if let value = constantValue(left) { return (value, right) }
      return (1, node)
    case .variable, .constant, .unary, .binary: return (1, node)
    }
  }

  /// number · node.
  mutating func scaled(_ factor: Double, _ node: Int) -> Int {
    if let value = constantValue(node), (factor * value).isFinite { return constant(factor * value) }
    if factor == 1, isItsOwnProduct(node) { return node }
    if factor == -1, let sum = sum(node) { return negated(sum, shape: shape(node).value) }
    if factor == -1, isItsOwnProduct(node) {
      return insert(.unary(.neg, node), product: Product(factor: -1, numerators: ShortList(node)))
    }
    if factor == -1, case .unary(.neg, _) = builder.nodes[node] { applied.insert(.doubleNegation) }
    var product = self.product(node)
    product.factor *= factor
    return write(product, shape: shape(node).value) ?? insert(.binary(.mul, constant(factor), node))
  }

  mutating func multiply(_ left: Int, _ right: Int) -> Int {
    if constantValue(left) != nil, constantValue(right) != nil { return folded(.mul, left, right) }
    if constantValue(left) == 1 || constantValue(right) == 1 { applied.insert(.neutralOne) }
    let (a, b) = (product(left), product(right))
    if constantValue(right) != nil { applied.insert(.productCommutativity) }
    if b.numerators.count > 1 { applied.insert(.productAssociativity) }
    if !a.denominators.isEmpty || !b.denominators.isEmpty { applied.insert(.quotientInProduct) }
    let merged = Product(
      factor: a.factor * b.factor, numerators: a.numerators + b.numerators,
      denominators: a.denominators + b.denominators)
    return write(merged, shape: joined(left, right)) ?? insert(.binary(.mul, left, right))
  }

  mutating func divide(_ left: Int, _ right: Int) -> Int {
    if constantValue(left) != nil, constantValue(right) != nil { return folded(.div, left, right) }
    var merged = product(left)
    if let divisor = constantValue(right), abs(divisor) >= 1e-3 {
      applied.insert(.constantDivisor)
      merged.factor /= divisor
    } else {
      if !merged.denominators.isEmpty { applied.insert(.quotientInProduct) }
      let (divisor, factor) = signedDivisor(right)
      merged.factor *= factor
      merged.denominators.append(divisor)
    }
    return write(merged, shape: joined(left, right)) ?? insert(.binary(.div, left, right))
  }

  /// A divisor away from 0 without its sign, and the sign.
  private mutating func signedDivisor(_ node: Int) -> (Int, Double) {
    guard range(node).isAwayFromZero, isNegative(node) else { return (node, 1) }
    applied.insert(.signOfDivisor)
    return (scaled(-1, node), -1)
  }

  /// Whether the number in front, or the first term of a sum, is below 0.
  func isNegative(_ node: Int) -> Bool {
    if let value = constantValue(node) { return value < 0 }
    if let sum = sum(node) {
      return sum.constant != 0 ? sum.constant < 0 : (sum.terms.first?.factor ?? 0) < 0
    }
    return product(node).factor < 0
  }

  /// Writes a product; nil when the rules would change its shape or its number is not finite.
  private mutating func write(_ product: Product, shape: ValueShape) -> Int? {
    guard product.factor.isFinite else { return nil }
    var normal = product
    removeSquaredRoots(&normal)
    moveSignsOutside(&normal)
    cancelEquals(&normal, keeping: shape)
    if normal.factor == 0, let zero = zero(absorbing: normal, shape: shape) { return zero }
    if normal.numerators.count > 1, normal.numerators.sort(by: { self.order($0) < self.order($1) }) {
      applied.insert(.productCommutativity)
    }
    if normal.denominators.count > 1 { normal.denominators.sort { self.isBefore(divisor: $0, $1) } }
    if normal.numerators.isEmpty, !foldDivisors(of: &normal) { return nil }
    guard let base = writeBase(normal) else {
      return shape == .one ? constant(normal.factor) : nil
    }
    if normal.factor == 0, !normal.numerators.isEmpty || !normal.denominators.isEmpty {
      return insert(.binary(.mul, constant(0), base), product: normal)
    }
    let size = abs(normal.factor)
    if size == 1, self.shape(base).value != shape { return nil }
    var written = base
    if size != 1 {
      let positive = Product(factor: size, numerators: normal.numerators, denominators: normal.denominators)
      written = insert(.binary(.mul, constant(size), base), product: positive)
    }
    if normal.factor < 0 {
      if size == 1, let sum = sum(base) { return negated(sum, shape: shape) }
      written = insert(.unary(.neg, written), product: normal)
    }
    return written
  }

  /// The order of divisors: numbers, which are those next to 0 that stay divisors, come last, so that no number is divided
  /// by a number.
  private func isBefore(divisor one: Int, _ other: Int) -> Bool {
    let (isNumber, otherIsNumber) = (constantValue(one) != nil, constantValue(other) != nil)
    return isNumber == otherIsNumber ? order(one) < order(other) : otherIsNumber
  }

  /// Divides the number by divisors that are numbers, where nothing else is left; whether the result is finite.
  private func foldDivisors(of product: inout Product) -> Bool {
    while product.denominators.count > 0, let divisor = constantValue(product.denominators[0]) {
      guard let factor = ConstantArithmetic.value(.div, product.factor, divisor) else { return false }
      product.factor = factor
      product.denominators.remove(at: 0)
    }
    return true
  }

  /// The factors and divisors without the number; nil when there are none.
  private mutating func writeBase(_ product: Product) -> Int? {
    var written: Int?
    var partial = Product()
    for factor in product.numerators {
      partial.numerators.append(factor)
      written = written.map { insert(.binary(.mul, $0, factor), product: partial) } ?? factor
    }
    for divisor in product.denominators {
      let numerator = written ?? constant(1)
      partial.denominators.append(divisor)
      written = insert(.binary(.div, numerator, divisor), product: partial)
    }
    return written
  }

  /// Turns sums among the factors so that their first term is positive, and collects the signs.
  private mutating func moveSignsOutside(_ product: inout Product) {
    let isProduct = product.numerators.count + product.denominators.count > 1 || abs(product.factor) != 1
    guard isProduct else { return }
    if product.factor < 0 { applied.insert(.signOutOfProduct) }
    for place in product.numerators.indices {
      let factor = product.numerators[place]
      guard let sum = sum(factor), isNegative(factor) else { continue }
      applied.insert(.signOutOfProduct)
      product.numerators[place] = negated(sum, shape: shape(factor).value)
      product.factor = -product.factor
    }
  }

  /// Replaces the pairs Sqrt(a)·Sqrt(a) by a, where a is away from 0.
  private mutating func removeSquaredRoots(_ product: inout Product) {
    var place = 0
    while place + 1 < product.numerators.count {
      let root = product.numerators[place]
      guard case .unary(.sqrt, let inner) = builder.nodes[root], range(inner).low >= 1e-7,
        let other = product.numerators[(place + 1)...].firstIndex(of: root)
      else {
        place += 1
        continue
      }
      applied.insert(.squareOfRoot)
      let own = self.product(inner)
      product.numerators.remove(at: other)
      product.numerators.remove(at: place)
      product.factor *= own.factor
      product.numerators += own.numerators
      product.denominators += own.denominators
      place = 0
    }
  }

  /// 0 of a shape instead of a product with factor 0 whose parts are tame.
  private mutating func zero(absorbing product: Product, shape: ValueShape) -> Int? {
    let parts = product.numerators + product.denominators
    let divides = product.denominators.allSatisfy { range($0).isNonNegative || range($0).isAwayFromZero }
    guard divides, parts.allSatisfy(isTame) else { return nil }
    return zero(shape)
  }

  /// The one spelling of 0 in a shape; nil for rank 0, which has none.
  mutating func zero(_ shape: ValueShape) -> Int? {
    let label = insert(.variable(mode.labelVariable))
    let base: Int
    switch shape {
    case .rankZero: return nil
    case .one: return constant(0)
    case mode.variableShape: base = label
    case .perSample, .perElement: base = insert(.binary(.dot, constant(1), label))
    }
    applied.insert(.absorbingZero)
    return insert(.binary(.mul, constant(0), base), product: Product(factor: 0, numerators: [base]))
  }

  /// Removes pairs of an equal factor and divisor, finite and away from 0, as far as the shape stays.
  private mutating func cancelEquals(_ product: inout Product, keeping shape: ValueShape) {
    guard !product.denominators.isEmpty, !product.numerators.isEmpty else { return }
    for divisor in product.denominators {
      guard let place = product.numerators.firstIndex(of: divisor), isTame(divisor), range(divisor).isAwayFromZero
      else { continue }
      var rest = product
      rest.numerators.remove(at: place)
      if let own = rest.denominators.firstIndex(of: divisor) { rest.denominators.remove(at: own) }
      let shapes = (rest.numerators + rest.denominators).map { self.shape($0).value }
      guard shapes.dropFirst().reduce(shapes.first, { joined($0, $1) }) == shape else { continue }
      product = rest
      applied.insert(.quotientOfEquals)
    }
  }
}

extension Mode {
  /// The variable that 0 of the variables' shape is written with; it has no gradient where there is such a one.
  fileprivate var labelVariable: Variable {
    switch self {
    case .multiClass: .y
    case .binaryClass: .py
    case .regression: .u
    }
  }
}
