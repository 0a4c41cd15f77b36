/// Products and quotients: flat, the number first, factors and divisors sorted, the sign outside.
extension CanonicalWriter {
  /// The node as number · node without a number.
  func scaledBase(_ node: Int) -> (factor: Double, base: Int) {
    switch table[node] {
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
    if let value = constantValue(node), let number = times(factor, value) { return constant(number) }
    if factor == 1, isItsOwnProduct(node) { return node }
    if factor == -1, let sum = sum(node) { return negated(sum, shape: shape(node).value) }
    if factor == -1, isItsOwnProduct(node) {
      return insert(
        .unary(.neg, node), product: Product(factor: -1, numerators: factors.list(Int32(truncatingIfNeeded: node))))
    }
    if factor == -1, case .unary(.neg, _) = table[node] { applied.insert(.doubleNegation) }
    var product = self.product(node)
    guard let number = times(product.factor, factor) else { return insert(.binary(.mul, constant(factor), node)) }
    product.factor = number
    return write(product, shape: shape(node).value) ?? insert(.binary(.mul, constant(factor), node))
  }

  /// The product of two numbers; nil, and noted, where Double has none.
  private mutating func times(_ a: Double, _ b: Double) -> Double? {
    let product = a * b
    if product.isNormal || a == 0 || b == 0 { return product }
    leavesDouble = true
    return nil
  }

  mutating func multiply(_ left: Int, _ right: Int) -> Int {
    if constantValue(left) != nil, constantValue(right) != nil { return folded(.mul, left, right) }
    if constantValue(left) == 1 || constantValue(right) == 1 { applied.insert(.neutralOne) }
    let (a, b) = (product(left), product(right))
    if constantValue(right) != nil { applied.insert(.productCommutativity) }
    if b.numerators.count > 1 { applied.insert(.productAssociativity) }
    if !a.denominators.isEmpty || !b.denominators.isEmpty { applied.insert(.quotientInProduct) }
    guard let factor = times(a.factor, b.factor) else { return insert(.binary(.mul, left, right)) }
    let merged = Product(
      factor: factor, numerators: factors.joined(a.numerators, b.numerators),
      denominators: factors.joined(a.denominators, b.denominators))
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
      merged.denominators = factors.joined(
        merged.denominators, factors.list(Int32(truncatingIfNeeded: divisor)))
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
      return sum.constant != 0 ? sum.constant < 0 : (terms.first(of: sum.terms)?.factor ?? 0) < 0
    }
    return factor(node) < 0
  }

  /// Writes a product; nil when the rules would change its shape or its number is not finite.
  private mutating func write(_ product: Product, shape: ValueShape) -> Int? {
    guard product.factor.isFinite else {
      leavesDouble = true
      return nil
    }
    var normal = product
    removeSquaredRoots(&normal)
    moveSignsOutside(&normal)
    cancelEquals(&normal, keeping: shape)
    if normal.factor == 0, let zero = zero(absorbing: normal, shape: shape) { return zero }
    if sort(&normal.numerators, numbersLast: false) { applied.insert(.productCommutativity) }
    _ = sort(&normal.denominators, numbersLast: true)
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

  /// Sorts factors or divisors; whether any moved.
  private mutating func sort(_ list: inout StoredList, numbersLast: Bool) -> Bool {
    let places = list.places
    guard
      let fall = places.dropFirst().first(where: { isBefore(factors[$0], factors[$0 - 1], numbersLast: numbersLast) })
    else { return false }
    let start = factors.count
    factors.append(list)
    for place in (start + fall - places.lowerBound)..<factors.count {
      var gap = place
      while gap > start, isBefore(factors[gap], factors[gap - 1], numbersLast: numbersLast) {
        factors.swap(gap, gap - 1)
        gap -= 1
      }
    }
    list = factors.list(from: start)
    return true
  }

  /// The order of factors. Among divisors numbers, which are those next to 0 that stay divisors, come last, so that no
  /// number is divided by a number.
  private func isBefore(_ one: Int32, _ other: Int32, numbersLast: Bool) -> Bool {
    guard numbersLast else { return order(one) < order(other) }
    let (isNumber, otherIsNumber) = (constantValue(Int(one)) != nil, constantValue(Int(other)) != nil)
    return isNumber == otherIsNumber ? order(one) < order(other) : otherIsNumber
  }

  /// Divides the number by divisors that are numbers, where nothing else is left; whether the result is finite.
  private func foldDivisors(of product: inout Product) -> Bool {
    while let first = factors.first(of: product.denominators), let divisor = constantValue(Int(first)) {
      guard let factor = ConstantArithmetic.value(.div, product.factor, divisor) else { return false }
      product.factor = factor
      product.denominators = product.denominators.dropped(1)
    }
    return true
  }

  /// The factors and divisors without the number; nil when there are none.
  private mutating func writeBase(_ product: Product) -> Int? {
    var written: Int?
    for place in product.numerators.places {
      let factor = Int(factors[place])
      guard let before = written else {
        written = factor
        continue
      }
      let length = place + 1 - product.numerators.places.lowerBound
      written = insert(.binary(.mul, before, factor), product: Product(numerators: product.numerators.prefix(length)))
    }
    for place in product.denominators.places {
      let numerator = written ?? constant(1)
      let length = place + 1 - product.denominators.places.lowerBound
      written = insert(
        .binary(.div, numerator, Int(factors[place])),
        product: Product(numerators: product.numerators, denominators: product.denominators.prefix(length)))
    }
    return written
  }

  /// Turns sums among the factors so that their first term is positive, and collects the signs.
  private mutating func moveSignsOutside(_ product: inout Product) {
    let isProduct = product.numerators.count + product.denominators.count > 1 || abs(product.factor) != 1
    guard isProduct else { return }
    if product.factor < 0 { applied.insert(.signOutOfProduct) }
    for offset in 0..<Int(product.numerators.count) {
      let factor = Int(factors[Int(product.numerators.start) + offset])
      guard let sum = sum(factor), isNegative(factor) else { continue }
      applied.insert(.signOutOfProduct)
      let turned = Int32(truncatingIfNeeded: negated(sum, shape: shape(factor).value))
      let start = factors.count
      factors.append(product.numerators)
      factors.change(start + offset) { $0 = turned }
      product.numerators = factors.list(from: start)
      product.factor = -product.factor
    }
  }

  /// Whether a node is in a list.
  private func contains(_ list: StoredList, _ node: Int32) -> Bool { list.places.contains { factors[$0] == node } }

  /// A list without the first place where a node stands.
  private mutating func list(_ list: StoredList, without node: Int32) -> StoredList {
    guard let removed = list.places.first(where: { factors[$0] == node }) else { return list }
    let start = factors.count
    for place in list.places where place != removed { factors.append(factors[place]) }
    return factors.list(from: start)
  }

  /// Replaces the pairs Sqrt(a)·Sqrt(a) by a, where a is away from 0.
  private mutating func removeSquaredRoots(_ product: inout Product) {
    var offset = 0
    while offset + 1 < product.numerators.count {
      let root = factors[Int(product.numerators.start) + offset]
      let others = product.numerators.dropped(offset + 1)
      guard case .unary(.sqrt, let inner) = table[Int(root)], range(inner).low >= 1e-7, contains(others, root) else {
        offset += 1
        continue
      }
      applied.insert(.squareOfRoot)
      let own = self.product(inner)
      let rest = list(list(product.numerators, without: root), without: root)
      product.factor *= own.factor
      product.numerators = factors.joined(rest, own.numerators)
      product.denominators = factors.joined(product.denominators, own.denominators)
      offset = 0
    }
  }

  /// 0 of a shape instead of a product with factor 0 whose parts are tame.
  private mutating func zero(absorbing product: Product, shape: ValueShape) -> Int? {
    for place in product.denominators.places {
      let divisor = range(Int(factors[place]))
      guard divisor.isNonNegative || divisor.isAwayFromZero else { return nil }
    }
    guard areTame(product.numerators), areTame(product.denominators) else { return nil }
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
    return insert(
      .binary(.mul, constant(0), base),
      product: Product(factor: 0, numerators: factors.list(Int32(truncatingIfNeeded: base))))
  }

  /// Removes pairs of an equal factor and divisor, finite and away from 0, as far as the shape stays.
  private mutating func cancelEquals(_ product: inout Product, keeping shape: ValueShape) {
    guard !product.denominators.isEmpty, !product.numerators.isEmpty else { return }
    for place in product.denominators.places {
      let divisor = factors[place]
      guard contains(product.numerators, divisor), isTame(Int(divisor)), range(Int(divisor)).isAwayFromZero else {
        continue
      }
      var rest = product
      rest.numerators = list(product.numerators, without: divisor)
      rest.denominators = list(product.denominators, without: divisor)
      guard joined(joined(nil, rest.numerators), rest.denominators) == shape else { continue }
      product = rest
      applied.insert(.quotientOfEquals)
    }
  }

  /// The broadcast shape with all nodes of a list.
  private func joined(_ shape: ValueShape?, _ list: StoredList) -> ValueShape? {
    var joinedShape = shape
    for place in list.places { joinedShape = joined(joinedShape, self.shape(Int(factors[place])).value) }
    return joinedShape
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
