/// Writes nodes in canonical form, bottom up: what is already written is canonical.
struct CanonicalWriter {
  let mode: Mode
  private(set) var table = NodeTable()
  var applied = CanonicalRules()
  /// Whether a gradient that is 0 by algebra may be left out; not where it can be 0 · ∞, which is nan.
  let mayDropSlopes: Bool
  /// Whether some Sqrt of what can be 0 was met: its slope is infinite there, and reaches every part of the formula.
  var hasInfiniteSlope = false
  /// Whether a part of rank 0 was met, which a number in front makes `[1]`: then more can be folded.
  var hasRankZero = false
  /// Whether numbers were met whose product or sum is too large or too small for Double: rules apply here and not there then,
  /// as rounding has it.
  var leavesDouble = false
  /// Whether a node was written anew that is taken apart otherwise than where it was written first.
  private(set) var isAmbiguous = false
  /// The factors and divisors of all products.
  var factors = ListStore<Int32>()
  /// The terms of all sums.
  var terms = ListStore<Term>()
  /// What is known of each node of the table.
  private var facts: [Facts] = []
  private var products: [Product] = []
  private var sums: [Sum] = []
  /// The ranges of the first nodes, worked out when a rule asks.
  private var ranges: [ValueRange] = []
  /// How much of `factors` and `terms` the decompositions of nodes take.
  private var kept = (factors: 0, terms: 0)

  struct Facts {
    let shape: NodeShape
    let dependsOnPrediction: Bool
    /// Whether it is one number in every row of N×C, whatever the prediction: made of Z and numbers.
    let isRowConstant: Bool
    /// The place of the node as number · numerators / denominators in `products`; −1 where it is the node alone.
    let product: Int32
    /// The place of the node as a sum in `sums`; −1 where it is none.
    let sum: Int32
    let order: CanonicalOrder
  }

  /// number · Π numerators / Π (denominators + eps), lists of `factors`; no numerator is a product or a negation.
  struct Product {
    var factor = 1.0
    var numerators = StoredList()
    var denominators = StoredList()
  }

  /// number + Σ factor · node, a list of `terms`; no node is a sum, a negation or has a number as factor. Sorted.
  struct Sum {
    var constant = 0.0
    var terms = StoredList()
  }

  struct Term {
    var factor: Double
    let node: Int32
  }

  init(_ mode: Mode, mayDropSlopes: Bool) {
    self.mode = mode
    self.mayDropSlopes = mayDropSlopes
  }

  /// Forgets everything and keeps the room.
  mutating func forget() {
    table.removeAll()
    facts.removeAll(keepingCapacity: true)
    products.removeAll(keepingCapacity: true)
    sums.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    factors.removeAll()
    terms.removeAll()
    kept = (0, 0)
    applied = CanonicalRules()
    hasInfiniteSlope = false
    hasRankZero = false
    isAmbiguous = false
    leavesDouble = false
  }

  /// Forgets the lists that no node is made of.
  mutating func tidy() {
    factors.cut(to: kept.factors)
    terms.cut(to: kept.terms)
  }

  func shape(_ node: Int) -> NodeShape { facts[node].shape }
  func dependsOnPrediction(_ node: Int) -> Bool { facts[node].dependsOnPrediction }
  func isRowConstant(_ node: Int) -> Bool { facts[node].isRowConstant }
  func order(_ node: Int) -> CanonicalOrder { facts[node].order }
  func order(_ node: Int32) -> CanonicalOrder { facts[Int(node)].order }

  /// The numbers that a node can take.
  mutating func range(_ node: Int) -> ValueRange {
    while ranges.count <= node {
      switch table[ranges.count] {
      case .variable(let variable): ranges.append(.of(variable))
      case .constant(let value): ranges.append(.of(value))
      case .unary(let primitive, let a): ranges.append(.unary(primitive, ranges[a]))
      case .binary(let primitive, let a, let b): ranges.append(.binary(primitive, ranges[a], ranges[b]))
      }
    }
    return ranges[node]
  }

  /// Whether 0 times the node is 0, its gradient included.
  mutating func isTame(_ node: Int) -> Bool { mayDropSlopes && range(node).isFinite }

  /// Whether all nodes of a list are tame.
  mutating func areTame(_ list: StoredList) -> Bool {
    for place in list.places where !isTame(Int(factors[place])) { return false }
    return true
  }

  mutating func product(_ node: Int) -> Product {
    if let value = constantValue(node) { return Product(factor: value) }
    let place = Int(facts[node].product)
    return place < 0 ? Product(numerators: factors.list(Int32(truncatingIfNeeded: node))) : products[place]
  }

  /// The number in front of a node taken apart as a product.
  func factor(_ node: Int) -> Double {
    if let value = constantValue(node) { return value }
    let place = Int(facts[node].product)
    return place < 0 ? 1 : products[place].factor
  }

  /// Whether a node is taken apart as itself alone: it is no number, product or negation.
  func isItsOwnProduct(_ node: Int) -> Bool { facts[node].product < 0 && constantValue(node) == nil }

  func sum(_ node: Int) -> Sum? {
    let place = Int(facts[node].sum)
    return place < 0 ? nil : sums[place]
  }

  func isSum(_ node: Int) -> Bool { facts[node].sum >= 0 }

  func constantValue(_ node: Int) -> Double? {
    if case .constant(let value) = table[node] { return value }
    return nil
  }

  mutating func constant(_ value: Double) -> Int { insert(.constant(value)) }

  /// Inserts a node as it stands; its decomposition says what it is a product or sum of.
  mutating func insert(_ node: Node, product: Product? = nil, sum: Sum? = nil) -> Int {
    let index = table.insert(node)
    if case .unary(.sqrt, let child) = node, !range(child).isPositive { hasInfiniteSlope = true }
    guard index == facts.count else {
      if facts[index].shape.value == .rankZero { hasRankZero = true }
      if differs(facts[index], product, sum) { isAmbiguous = true }
      return index
    }
    facts.append(
      newFacts(
        of: table[index], product: product == nil ? -1 : products.count,
        sum: sum == nil ? -1 : sums.count))
    if facts[index].shape.value == .rankZero { hasRankZero = true }
    if let product {
      products.append(product)
      kept.factors = max(kept.factors, product.numerators.places.upperBound, product.denominators.places.upperBound)
    }
    if let sum {
      sums.append(sum)
      kept.terms = max(kept.terms, sum.terms.places.upperBound)
    }
    return index
  }

  /// Whether a node is now taken apart otherwise than when it was written first.
  private func differs(_ known: Facts, _ product: Product?, _ sum: Sum?) -> Bool {
    if (known.product < 0) != (product == nil) || (known.sum < 0) != (sum == nil) { return true }
    if let product, differ(products[Int(known.product)], product) { return true }
    if let sum, differ(sums[Int(known.sum)], sum) { return true }
    return false
  }

  private func differ(_ one: Product, _ other: Product) -> Bool {
    one.factor != other.factor || differ(one.numerators, other.numerators)
      || differ(one.denominators, other.denominators)
  }

  private func differ(_ one: StoredList, _ other: StoredList) -> Bool {
    guard one.count == other.count else { return true }
    for (a, b) in zip(one.places, other.places) where factors[a] != factors[b] { return true }
    return false
  }

  private func differ(_ one: Sum, _ other: Sum) -> Bool {
    guard one.constant == other.constant, one.terms.count == other.terms.count else { return true }
    for (a, b) in zip(one.terms.places, other.terms.places)
    where terms[a].node != terms[b].node || terms[a].factor != terms[b].factor { return true }
    return false
  }

  private func newFacts(of node: Node, product: Int, sum: Int) -> Facts {
    let product = Int32(truncatingIfNeeded: product)
    let sum = Int32(truncatingIfNeeded: sum)
    switch node {
    case .variable(let variable):
      return Facts(
        shape: ShapeRule.leaf(node, in: mode), dependsOnPrediction: mode.isDifferentiable(variable),
        isRowConstant: variable == .z, product: product, sum: sum,
        order: CanonicalOrder(variable))
    case .constant(let value):
      return Facts(
        shape: ShapeRule.leaf(node, in: mode), dependsOnPrediction: false, isRowConstant: true,
        product: product, sum: sum, order: CanonicalOrder(value))
    case .unary(let primitive, let child):
      let a = facts[child]
      return Facts(
        shape: (try? ShapeRule.unary(primitive, a.shape)) ?? a.shape, dependsOnPrediction: a.dependsOnPrediction,
        isRowConstant: primitive != .softmax && a.isRowConstant,
        product: product, sum: sum, order: CanonicalOrder(primitive, a.order))
    case .binary(let primitive, let left, let right):
      let (a, b) = (facts[left], facts[right])
      return Facts(
        shape: (try? ShapeRule.binary(primitive, a.shape, b.shape)) ?? a.shape,
        dependsOnPrediction: a.dependsOnPrediction || b.dependsOnPrediction,
        isRowConstant: primitive != .dot && a.isRowConstant && b.isRowConstant,
        product: product, sum: sum,
        order: CanonicalOrder(primitive, a.order, b.order))
    }
  }
}
