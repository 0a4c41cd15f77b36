/// Sums: flat, like terms collected, sorted, numbers first.
extension CanonicalWriter {
  mutating func add(_ left: Int, _ right: Int) -> Int {
    if constantValue(left) != nil, constantValue(right) != nil {
      return folded(.add, left, right)
    }
    let shape = joined(left, right)
    let (first, second) = (asSum(left), asSum(right))
    var merged = Sum(constant: first.constant + second.constant, terms: first.terms)
    if first.constant != 0, second.constant != 0 { applied.insert(.constantFolding) }
    collect(second.terms, times: 1, into: &merged)
    // Thirds of a sum can add up to the sum itself, which is then no term.
    while let place = merged.terms.firstIndex(where: { abs($0.factor) == 1 && sum($0.node) != nil }),
      let whole = sum(merged.terms[place].node)
    {
      let factor = merged.terms[place].factor
      merged.terms.remove(at: place)
      merged.constant += factor * whole.constant
      collect(whole.terms, times: factor, into: &merged)
      applied.insert(.sumAssociativity)
    }
    guard merged.constant.isFinite, merged.terms.allSatisfy({ $0.factor.isFinite }) else {
      return insert(.binary(.add, left, right))
    }
    merged = dropZeros(merged, keeping: shape)
    spellZeros(of: &merged)
    let hasMoved = merged.terms.count > 1 && merged.terms.sort { self.order($0.node) < self.order($1.node) }
    noteOrder(left, right, changed: hasMoved)
    return write(merged, shape: shape)
  }

  /// Adds terms to a sum, like ones together.
  private mutating func collect(_ terms: ShortList<Term>, times factor: Double, into sum: inout Sum) {
    for term in terms {
      if let place = sum.terms.firstIndex(where: { $0.node == term.node }) {
        sum.terms[place].factor += factor * term.factor
        applied.insert(.likeTerms)
      } else {
        sum.terms.append(Term(factor: factor * term.factor, node: term.node))
      }
    }
  }

  /// Gives the terms of factor 0 that are left the node that they are written with, so that they are sorted by it.
  private mutating func spellZeros(of sum: inout Sum) {
    guard sum.terms.contains(where: { $0.factor == 0 }) else { return }
    var spelt = Sum(constant: sum.constant, terms: sum.terms.filter { $0.factor != 0 })
    for term in sum.terms where term.factor == 0 {
      let written = scaled(0, term.node)
      let base = constantValue(written) == nil ? scaledBase(written).base : term.node
      collect([Term(factor: 0, node: base)], times: 1, into: &spelt)
    }
    sum = spelt
  }

  /// The node as a sum; one term when it is none.
  func asSum(_ node: Int) -> Sum {
    if let value = constantValue(node) { return Sum(constant: value) }
    if let sum = sum(node) { return sum }
    let (factor, base) = scaledBase(node)
    return Sum(terms: ShortList(Term(factor: factor, node: base)))
  }

  /// Leaves out terms of factor 0 that are tame, as far as the shape stays.
  private mutating func dropZeros(_ sum: Sum, keeping shape: ValueShape) -> Sum {
    guard sum.terms.contains(where: { $0.factor == 0 }) else { return sum }
    var kept = sum
    for term in sum.terms where term.factor == 0 && isTame(term.node) {
      let others = kept.terms.filter { $0.node != term.node }
      guard self.shape(of: Sum(constant: sum.constant, terms: others)) == shape else { continue }
      kept.terms = others
      applied.insert(.cancellation)
    }
    return kept
  }

  /// Writes a sum as nested additions, the number first.
  private mutating func write(_ sum: Sum, shape: ValueShape) -> Int {
    var written: Int?
    var partial = Sum(constant: sum.constant)
    let withoutNumber = self.shape(of: Sum(terms: sum.terms)) == shape
    if sum.constant != 0 || !withoutNumber {
      written = constant(sum.constant)
    } else if !sum.terms.isEmpty {
      applied.insert(.neutralZero)
    }
    for term in sum.terms {
      let node = scaled(term.factor, term.node)
      partial.terms.append(term)
      if let before = written {
        written = insert(.binary(.add, before, node), sum: partial)
      } else {
        written = node
      }
    }
    return written ?? constant(0)
  }

  /// The shape of a written sum.
  private func shape(of sum: Sum) -> ValueShape? {
    var joinedShape: ValueShape? = sum.constant != 0 || sum.terms.isEmpty ? .one : nil
    for place in sum.terms.indices { joinedShape = joined(joinedShape, shape(sum.terms[place].node).value) }
    return joinedShape
  }

  func joined(_ left: Int, _ right: Int) -> ValueShape {
    joined(shape(left).value, shape(right).value) ?? .perElement
  }

  /// The broadcast shape of values that are known to combine.
  func joined(_ left: ValueShape?, _ right: ValueShape) -> ValueShape? {
    switch (left, right) {
    case (nil, let other): other
    case (.perElement, _), (_, .perElement): .perElement
    case (.perSample, _), (_, .perSample): .perSample
    case (.one, _), (_, .one): .one
    case (.rankZero, .rankZero): .rankZero
    }
  }

  /// Minus the sum, term by term.
  mutating func negated(_ sum: Sum, shape: ValueShape) -> Int {
    applied.insert(.negationOverSum)
    var turned = Sum(constant: 0 - sum.constant, terms: sum.terms)
    for place in turned.terms.indices { turned.terms[place].factor.negate() }
    return write(turned, shape: shape)
  }

  /// The sum without its number and without what is equal in a whole row, if something is left and the shape stays.
  mutating func withoutRowShift(_ node: Int) -> Int? {
    guard let sum = sum(node) else { return nil }
    var terms = sum.terms.filter { !isRowConstant($0.node) || !range($0.node).isFinite }
    // Where nothing else has the shape, the number alone can go.
    if terms.isEmpty || shape(of: Sum(terms: terms)) != shape(node).value { terms = sum.terms }
    let bare = Sum(terms: terms)
    guard !terms.isEmpty, sum.constant != 0 || terms.count < sum.terms.count, shape(of: bare) == shape(node).value
    else { return nil }
    if sum.constant != 0 { applied.insert(.softmaxShift) }
    if terms.count < sum.terms.count { applied.insert(.softmaxRowShift) }
    return write(bare, shape: shape(node).value)
  }

  private mutating func noteOrder(_ left: Int, _ right: Int, changed: Bool) {
    if sum(right) != nil { applied.insert(.sumAssociativity) }
    if changed || constantValue(right) != nil { applied.insert(.sumCommutativity) }
  }

  mutating func folded(_ primitive: Primitive, _ left: Int, _ right: Int) -> Int {
    guard let a = constantValue(left), let b = constantValue(right),
      let value = ConstantArithmetic.value(primitive, a, b)
    else { return insert(.binary(primitive, left, right)) }
    applied.insert(.constantFolding)
    return constant(value)
  }
}
