/// Sums: flat, like terms collected, sorted, numbers first.
extension CanonicalWriter {
  mutating func add(_ left: Int, _ right: Int) -> Int {
    if constantValue(left) != nil, constantValue(right) != nil {
      return folded(.add, left, right)
    }
    let shape = joined(left, right)
    let (first, second) = (asSum(left), asSum(right))
    if first.constant != 0, second.constant != 0 { applied.insert(.constantFolding) }
    let start = terms.count
    terms.append(first.terms)
    collect(second.terms, times: 1, from: start)
    var merged = Sum(constant: first.constant + second.constant, terms: terms.list(from: start))
    unfoldWholeSums(in: &merged)
    guard merged.constant.isFinite, merged.terms.places.allSatisfy({ terms[$0].factor.isFinite }) else {
      leavesDouble = true
      return insert(.binary(.add, left, right))
    }
    if hasZeros(merged) {
      merged = dropZeros(merged, keeping: shape)
      spellZeros(of: &merged)
    }
    let hasMoved = sort(&merged)
    noteOrder(left, right, changed: hasMoved)
    return write(merged, shape: shape)
  }

  /// Adds terms to those that stand from a place on, like ones together.
  private mutating func collect(_ list: StoredList, times factor: Double, from start: Int) {
    for place in list.places {
      let term = terms[place]
      collect(Term(factor: factor * term.factor, node: term.node), from: start)
    }
  }

  private mutating func collect(_ term: Term, from start: Int) {
    for place in start..<terms.count where terms[place].node == term.node {
      terms.change(place) { $0.factor += term.factor }
      applied.insert(.likeTerms)
      return
    }
    terms.append(term)
  }

  /// Thirds of a sum can add up to the sum itself, which is then no term.
  private mutating func unfoldWholeSums(in sum: inout Sum) {
    func isWhole(_ term: Term) -> Bool { abs(term.factor) == 1 && isSum(Int(term.node)) }
    while let found = sum.terms.places.first(where: { isWhole(terms[$0]) }),
      let whole = self.sum(Int(terms[found].node))
    {
      let factor = terms[found].factor
      let start = terms.count
      for place in sum.terms.places where place != found { terms.append(terms[place]) }
      collect(whole.terms, times: factor, from: start)
      sum = Sum(constant: sum.constant + factor * whole.constant, terms: terms.list(from: start))
      applied.insert(.sumAssociativity)
    }
  }

  private func hasZeros(_ sum: Sum) -> Bool { sum.terms.places.contains { terms[$0].factor == 0 } }

  /// Gives the terms of factor 0 that are left the node that they are written with, so that they are sorted by it.
  private mutating func spellZeros(of sum: inout Sum) {
    var spelt: [Int32] = []
    for place in sum.terms.places where terms[place].factor == 0 {
      let node = Int(terms[place].node)
      let written = scaled(0, node)
      spelt.append(Int32(truncatingIfNeeded: constantValue(written) == nil ? scaledBase(written).base : node))
    }
    guard !spelt.isEmpty else { return }
    let start = terms.count
    for place in sum.terms.places where terms[place].factor != 0 { terms.append(terms[place]) }
    for node in spelt { collect(Term(factor: 0, node: node), from: start) }
    sum.terms = terms.list(from: start)
  }

  /// Sorts the terms of a sum; whether any moved.
  private mutating func sort(_ sum: inout Sum) -> Bool {
    let places = sum.terms.places
    guard
      let fall = places.dropFirst().first(where: { order(terms[$0].node) < order(terms[$0 - 1].node) })
    else { return false }
    let start = terms.count
    terms.append(sum.terms)
    for place in (start + fall - places.lowerBound)..<terms.count {
      var gap = place
      while gap > start, order(terms[gap].node) < order(terms[gap - 1].node) {
        terms.swap(gap, gap - 1)
        gap -= 1
      }
    }
    sum.terms = terms.list(from: start)
    return true
  }

  /// The node as a sum; one term when it is none.
  mutating func asSum(_ node: Int) -> Sum {
    if let value = constantValue(node) { return Sum(constant: value) }
    if let sum = sum(node) { return sum }
    let (factor, base) = scaledBase(node)
    return Sum(terms: terms.list(Term(factor: factor, node: Int32(truncatingIfNeeded: base))))
  }

  /// Leaves out terms of factor 0 that are tame, as far as the shape stays.
  private mutating func dropZeros(_ sum: Sum, keeping shape: ValueShape) -> Sum {
    var kept = sum
    for place in sum.terms.places {
      let term = terms[place]
      guard term.factor == 0, isTame(Int(term.node)) else { continue }
      let others = self.terms(of: kept) { $0.node != term.node }
      guard self.shape(of: Sum(constant: sum.constant, terms: others)) == shape else { continue }
      kept.terms = others
      applied.insert(.cancellation)
    }
    return kept
  }

  /// The terms of a sum that are wanted.
  private mutating func terms(of sum: Sum, where isWanted: (Term) -> Bool) -> StoredList {
    let start = terms.count
    for place in sum.terms.places where isWanted(terms[place]) { terms.append(terms[place]) }
    return terms.list(from: start)
  }

  /// Writes a sum as nested additions, the number first.
  private mutating func write(_ sum: Sum, shape: ValueShape) -> Int {
    var written: Int?
    if sum.constant != 0 || self.shape(of: Sum(terms: sum.terms)) != shape {
      written = constant(sum.constant)
    } else if !sum.terms.isEmpty {
      applied.insert(.neutralZero)
    }
    for place in sum.terms.places {
      let term = terms[place]
      let node = scaled(term.factor, Int(term.node))
      guard let before = written else {
        written = node
        continue
      }
      let length = place + 1 - sum.terms.places.lowerBound
      written = insert(
        .binary(.add, before, node), sum: Sum(constant: sum.constant, terms: sum.terms.prefix(length)))
    }
    return written ?? constant(0)
  }

  /// The shape of a written sum.
  private func shape(of sum: Sum) -> ValueShape? {
    var joinedShape: ValueShape? = sum.constant != 0 || sum.terms.isEmpty ? .one : nil
    for place in sum.terms.places { joinedShape = joined(joinedShape, shape(Int(terms[place].node)).value) }
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
    let start = terms.count
    for place in sum.terms.places { terms.append(Term(factor: -terms[place].factor, node: terms[place].node)) }
    return write(Sum(constant: 0 - sum.constant, terms: terms.list(from: start)), shape: shape)
  }

  /// The largest number that is taken out of Softmax: of what stands beside a larger one, rounding leaves too little.
  private static let largestShift = 1e6

  /// The sum without its number and without what is equal in a whole row, if something is left and the shape stays.
  mutating func withoutRowShift(_ node: Int) -> Int? {
    guard let sum = sum(node), abs(sum.constant) <= Self.largestShift else { return nil }
    let start = terms.count
    for place in sum.terms.places {
      let term = Int(terms[place].node)
      if !isRowConstant(term) || !range(term).isFinite { terms.append(terms[place]) }
    }
    var bare = Sum(terms: terms.list(from: start))
    // Where nothing else has the shape, the number alone can go.
    if bare.terms.isEmpty || shape(of: bare) != shape(node).value { bare.terms = sum.terms }
    let isShorter = bare.terms.count < sum.terms.count
    guard !bare.terms.isEmpty, sum.constant != 0 || isShorter, shape(of: bare) == shape(node).value else { return nil }
    if sum.constant != 0 { applied.insert(.softmaxShift) }
    if isShorter { applied.insert(.softmaxRowShift) }
    return write(bare, shape: shape(node).value)
  }

  private mutating func noteOrder(_ left: Int, _ right: Int, changed: Bool) {
    if isSum(right) { applied.insert(.sumAssociativity) }
    if changed || constantValue(right) != nil { applied.insert(.sumCommutativity) }
  }

  mutating func folded(_ primitive: Primitive, _ left: Int, _ right: Int) -> Int {
    guard let a = constantValue(left), let b = constantValue(right),
      let value = ConstantArithmetic.value(primitive, a, b)
    else {
      leavesDouble = true
      return insert(.binary(primitive, left, right))
    }
    applied.insert(.constantFolding)
    return constant(value)
  }
}
