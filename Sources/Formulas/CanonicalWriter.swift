/// Writes nodes in canonical form, bottom up: what is already written is canonical.
struct CanonicalWriter {
  let mode: Mode
  var builder = FormulaBuilder()
  var applied = CanonicalRules()
  /// Whether a gradient that is 0 by algebra may be left out; not where it can be 0 · ∞, which is nan.
  let mayDropSlopes: Bool
  /// Whether some Sqrt of what can be 0 was met: its slope is infinite there, and reaches every part of the formula.
  var hasInfiniteSlope = false
  /// Whether a node was written anew that is taken apart otherwise than where it was written first.
  private(set) var isAmbiguous = false
  /// What is known of each node of the builder.
  private var facts: [Facts] = []
  private var products: [Product] = []
  private var sums: [Sum] = []
  private var ranges = ValueRanges()

  struct Facts {
    let shape: NodeShape
    let dependsOnPrediction: Bool
    /// Whether it is one number in every row of N×C, whatever the prediction: made of Z and numbers.
    let isRowConstant: Bool
    let order: SortKey
    /// The place of the node as number · numerators / denominators in `products`; −1 where it is the node alone.
    let product: Int32
    /// The place of the node as a sum in `sums`; −1 where it is none.
    let sum: Int32
  }

  /// number · Π numerators / Π (denominators + eps); no numerator is a product or a negation.
  struct Product: Equatable {
    var factor = 1.0
    var numerators = ShortList<Int>()
    var denominators = ShortList<Int>()
  }

  /// number + Σ factor · node; no node is a sum, a negation or has a number as factor. Sorted.
  struct Sum: Equatable {
    var constant = 0.0
    var terms = ShortList<Term>()
  }

  struct Term: Blank, Equatable {
    var factor: Double
    let node: Int
    static var blank: Term { Term(factor: 0, node: 0) }
  }

  /// Numbers before variables before the rest, small before large; the same for equal parts of any formula.
  struct SortKey: Comparable {
    let kind: Int
    let size: Int
    let hash: UInt64

    static func < (left: SortKey, right: SortKey) -> Bool {
      (left.kind, left.size, left.hash) < (right.kind, right.size, right.hash)
    }
  }

  init(_ mode: Mode, mayDropSlopes: Bool) {
    self.mode = mode
    self.mayDropSlopes = mayDropSlopes
  }

  /// Forgets everything and keeps the room.
  mutating func forget() {
    builder.removeAll()
    facts.removeAll(keepingCapacity: true)
    products.removeAll(keepingCapacity: true)
    sums.removeAll(keepingCapacity: true)
    ranges.forget()
    applied = CanonicalRules()
    hasInfiniteSlope = false
    isAmbiguous = false
  }

  func shape(_ node: Int) -> NodeShape { facts[node].shape }
  func range(_ node: Int) -> ValueRange { ranges.range(of: node, in: builder.nodes) }
  func dependsOnPrediction(_ node: Int) -> Bool { facts[node].dependsOnPrediction }
  func isRowConstant(_ node: Int) -> Bool { facts[node].isRowConstant }

  /// Whether 0 times the node is 0, its gradient included.
  func isTame(_ node: Int) -> Bool { mayDropSlopes && range(node).isFinite }

  func order(_ node: Int) -> SortKey { facts[node].order }

  func product(_ node: Int) -> Product {
    if let value = constantValue(node) { return Product(factor: value) }
    let place = Int(facts[node].product)
    return place < 0 ? Product(numerators: ShortList(node)) : products[place]
  }

  /// Whether a node is taken apart as itself alone: it is no number, product or negation.
  func isItsOwnProduct(_ node: Int) -> Bool { facts[node].product < 0 && constantValue(node) == nil }

  func sum(_ node: Int) -> Sum? {
    let place = Int(facts[node].sum)
    return place < 0 ? nil : sums[place]
  }

  func constantValue(_ node: Int) -> Double? {
    if case .constant(let value) = builder.nodes[node] { return value }
    return nil
  }

  mutating func constant(_ value: Double) -> Int { insert(.constant(value)) }

  /// Inserts a node as it stands; its decomposition says what it is a product or sum of.
  mutating func insert(_ node: Node, product: Product? = nil, sum: Sum? = nil) -> Int {
    let index = builder.insert(node)
    if case .unary(.sqrt, let child) = node, !range(child).isPositive { hasInfiniteSlope = true }
    guard index == facts.count else {
      if differs(facts[index], product, sum) { isAmbiguous = true }
      return index
    }
    facts.append(
      Facts(
        shape: shape(of: node), dependsOnPrediction: depends(node), isRowConstant: isRowConstant(node),
        order: key(of: node), product: product == nil ? -1 : Int32(truncatingIfNeeded: products.count),
        sum: sum == nil ? -1 : Int32(truncatingIfNeeded: sums.count)))
    if let product { products.append(product) }
    if let sum { sums.append(sum) }
    return index
  }

  /// Whether a node is now taken apart otherwise than when it was written first.
  private func differs(_ known: Facts, _ product: Product?, _ sum: Sum?) -> Bool {
    if (known.product < 0) != (product == nil) || (known.sum < 0) != (sum == nil) { return true }
    if let product, products[Int(known.product)] != product { return true }
    if let sum, sums[Int(known.sum)] != sum { return true }
    return false
  }

  mutating func binary(_ primitive: Primitive, _ left: Int, _ right: Int) -> Int {
    switch primitive {
    case .add: return add(left, right)
    case .sub:
      applied.insert(.subtractionAsSum)
      return add(left, scaled(-1, right))
    case .mul: return multiply(left, right)
    case .div: return divide(left, right)
    case .dot: return dot(left, right)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      return insert(.binary(primitive, left, right))
    }
  }

  private func shape(of node: Node) -> NodeShape {
    switch node {
    case .variable, .constant: return ShapeRule.leaf(node, in: mode)
    case .unary(let primitive, let a): return (try? ShapeRule.unary(primitive, shape(a))) ?? shape(a)
    case .binary(let primitive, let a, let b): return (try? ShapeRule.binary(primitive, shape(a), shape(b))) ?? shape(a)
    }
  }

  private func depends(_ node: Node) -> Bool {
    switch node {
    case .variable(let variable): mode.isDifferentiable(variable)
    case .constant: false
    case .unary(_, let child): facts[child].dependsOnPrediction
    case .binary(_, let left, let right): facts[left].dependsOnPrediction || facts[right].dependsOnPrediction
    }
  }

  private func isRowConstant(_ node: Node) -> Bool {
    switch node {
    case .variable(let variable): variable == .z
    case .constant: true
    case .unary(let primitive, let child): primitive != .softmax && facts[child].isRowConstant
    case .binary(let primitive, let left, let right):
      primitive != .dot && facts[left].isRowConstant && facts[right].isRowConstant
    }
  }

  private func key(of node: Node) -> SortKey {
    switch node {
    case .constant(let value): SortKey(kind: 0, size: 1, hash: Self.mix(1, value.bitPattern))
    case .variable(let variable): SortKey(kind: 1, size: 1 + variable.index, hash: Self.mix(2, UInt64(variable.index)))
    case .unary(let primitive, let a):
      SortKey(kind: 2, size: size(a), hash: Self.mix(UInt64(primitive.code) + 3, order(a).hash))
    case .binary(let primitive, let a, let b):
      SortKey(
        kind: 2, size: size(a, b),
        hash: Self.mix(Self.mix(UInt64(primitive.code) + 3, order(a).hash), order(b).hash))
    }
  }

  /// The tree size of a node over its children; stays at the largest number.
  private func size(_ child: Int, _ other: Int? = nil) -> Int {
    var total = 1
    total = Self.sum(total, ownSize(child))
    if let other { total = Self.sum(total, ownSize(other)) }
    return total
  }

  private func ownSize(_ node: Int) -> Int { order(node).kind == 1 ? 1 : order(node).size }

  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  /// A hash that is the same in every run (the mixing steps of SplitMix64).
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var z = (a &* 0x9e37_79b9_7f4a_7c15) ^ (b &+ 0x632b_e59b_d9b4_e019)
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
