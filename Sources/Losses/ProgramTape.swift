import Formulas
import Foundation

/// Elementary operations on numbers in the order they are computed, each distinct one once.
///
/// What stands here is single precision to the bit: `add` simplifies only what rounding, zeros, infinities and nan
/// leave alike. Signs are free: a reference says whether the number or its negative is meant, and products and
/// quotients pass signs on.
struct Tape {
  enum Operation: UInt8 {
    // Leaves: `first` holds the bits of a constant or the index of a variable.
    case constant, input, upstream
    // Two arguments.
    case add, mul, div
    /// The second argument where the first is below the limit of Exp, else 0.
    case keepUnclamped
    /// The second argument, but 0 where the first is at most 0.
    case keepPositive
    /// e^(the first argument − the second), the difference not rounded. The second is the first's `rowMax`.
    case expShifted
    // One argument.
    case square, abs, sign, sqrt, relu, exp, log, sig, tanh, erf, atan, gauss, sin, cos, softplus, softplusSlope
    // Sums and maxima over the classes of a row; sums over the batch, of as many numbers as the extent says.
    case rowSum, rowMax, batchSum
  }

  /// How many numbers a value has: one, one a row, or one for each row and class.
  enum Extent: UInt8, Comparable {
    case one, row, element

    /// In regression, where a row is one box, boxes are the elements.
    init(_ shape: ValueShape, in mode: Mode) {
      switch shape {
      case .rankZero, .one: self = .one
      case .perSample: self = mode.variableShape == .perSample ? .element : .row
      case .perElement: self = .element
      }
    }

    static func < (left: Extent, right: Extent) -> Bool { left.rawValue < right.rawValue }
  }

  /// A value or its negative.
  struct Reference: Hashable {
    let bits: Int32

    init(_ value: Int, negated: Bool = false) { bits = Int32(truncatingIfNeeded: value) << 1 | (negated ? 1 : 0) }

    var value: Int { Int(bits >> 1) }
    var isNegated: Bool { bits & 1 != 0 }
    /// The number without its sign.
    var plain: Reference { Reference(value) }
  }

  struct Value: Equatable {
    let operation: Operation
    let extent: Extent
    /// Of a sum over the batch: how many numbers are summed.
    let summed: Extent
    let first: Int32
    let second: Int32

    var firstReference: Reference { Reference(Int(first >> 1), negated: first & 1 != 0) }
    var secondReference: Reference { Reference(Int(second >> 1), negated: second & 1 != 0) }
  }

  private(set) var values: [Value] = []
  /// Open addressing, a power of two places: the index of a value plus 1, or 0.
  private var table = [Int32](repeating: 0, count: 256)

  init() { values.reserveCapacity(64) }

  // MARK: Leaves

  mutating func constant(_ number: Float) -> Reference {
    insert(
      Value(operation: .constant, extent: .one, summed: .one, first: Int32(bitPattern: number.bitPattern), second: 0))
  }

  mutating func input(_ variable: Variable, _ extent: Extent) -> Reference {
    insert(Value(operation: .input, extent: extent, summed: .one, first: Int32(variable.index), second: 0))
  }

  mutating func upstream(_ extent: Extent) -> Reference {
    insert(Value(operation: .upstream, extent: extent, summed: .one, first: 0, second: 0))
  }

  /// The number a reference stands for when it is known beforehand.
  func number(_ reference: Reference) -> Float? {
    let value = values[reference.value]
    guard value.operation == .constant else { return nil }
    let number = Float(bitPattern: UInt32(bitPattern: value.first))
    return reference.isNegated ? -number : number
  }

  func extent(_ reference: Reference) -> Extent { values[reference.value].extent }

  // MARK: Arithmetic

  mutating func negated(_ a: Reference) -> Reference {
    if let number = number(a) { return constant(-number) }
    return Reference(a.value, negated: !a.isNegated)
  }

  mutating func sum(_ a: Reference, _ b: Reference) -> Reference {
    if let x = number(a), let y = number(b) { return constant(x + y) }
    if a == b { return product(a, constant(2)) }
    return a.bits < b.bits ? joined(.add, a, b) : joined(.add, b, a)
  }

  mutating func difference(_ a: Reference, _ b: Reference) -> Reference { sum(a, negated(b)) }

  mutating func product(_ a: Reference, _ b: Reference) -> Reference {
    if let x = number(a), let y = number(b) { return constant(x * y) }
    if let y = number(b) { return scaled(a, y) }
    if let x = number(a) { return scaled(b, x) }
    let (x, y) = (a.plain, b.plain)
    let result = x == y ? applied(.square, x) : x.bits < y.bits ? joined(.mul, x, y) : joined(.mul, y, x)
    return a.isNegated == b.isNegated ? result : negated(result)
  }

  /// The product with a constant, which is kept positive.
  private mutating func scaled(_ a: Reference, _ factor: Float) -> Reference {
    if factor == 1 { return a }
    if factor < 0 { return scaled(negated(a), -factor) }
    let result = joined(.mul, a.plain, constant(factor))
    return a.isNegated ? negated(result) : result
  }

  /// a / b; a quotient by a power of two is a product.
  mutating func quotient(_ a: Reference, _ b: Reference) -> Reference {
    if let x = number(a), let y = number(b) { return constant(x / y) }
    if let y = number(b), y.significand == 1, (1 / y).isNormal, y.isNormal { return scaled(a, 1 / y) }
    let result = joined(.div, magnitude(a), magnitude(b))
    return isNegative(a) == isNegative(b) ? result : negated(result)
  }

  /// The reference without its sign; a constant becomes positive.
  private mutating func magnitude(_ a: Reference) -> Reference {
    guard let number = number(a) else { return a.plain }
    return isNegative(a) ? constant(-number) : a
  }

  private func isNegative(_ a: Reference) -> Bool {
    guard let number = number(a) else { return a.isNegated }
    return number < 0
  }

  /// `keepUnclamped` or `keepPositive`.
  mutating func selected(_ operation: Operation, by a: Reference, _ b: Reference) -> Reference {
    let result = joined(operation, a, b.plain)
    return b.isNegated ? negated(result) : result
  }

  private mutating func joined(_ operation: Operation, _ a: Reference, _ b: Reference) -> Reference {
    insert(
      Value(
        operation: operation, extent: max(extent(a), extent(b)), summed: .one, first: a.bits, second: b.bits))
  }

  // MARK: Functions and sums

  /// A function of one argument. Odd functions pass the sign on, even ones drop it.
  mutating func applied(_ operation: Operation, _ a: Reference) -> Reference {
    if let x = number(a) { return constant(Self.folded(operation, x)) }
    switch operation {
    case .sign, .tanh, .erf, .atan, .sin:
      let result = unary(operation, a.plain)
      return a.isNegated ? negated(result) : result
    case .square, .abs, .gauss, .cos:
      return unary(operation, a.plain)
    case .sqrt, .relu, .exp, .log, .sig, .softplus, .softplusSlope, .rowSum, .rowMax, .batchSum, .constant, .input,
      .upstream, .add, .mul, .div, .keepUnclamped, .keepPositive, .expShifted:
      return unary(operation, a)
    }
  }

  private mutating func unary(_ operation: Operation, _ a: Reference) -> Reference {
    insert(Value(operation: operation, extent: extent(a), summed: .one, first: a.bits, second: 0))
  }

  /// `rowSum` or `rowMax` over the classes of an element-wise value.
  mutating func overClasses(_ operation: Operation, _ a: Reference) -> Reference {
    insert(Value(operation: operation, extent: .row, summed: .one, first: a.bits, second: 0))
  }

  /// e^(a − the largest a of the row).
  mutating func expShifted(_ a: Reference) -> Reference { joined(.expShifted, a, overClasses(.rowMax, a)) }

  /// The sum over the batch of a value that counts once for each of `extent`.
  mutating func overBatch(_ a: Reference, _ extent: Extent) -> Reference {
    insert(Value(operation: .batchSum, extent: .one, summed: extent, first: a.bits, second: 0))
  }

  /// The function of a number known beforehand, rounded from Double.
  private static func folded(_ operation: Operation, _ number: Float) -> Float {
    let x = Double(number)
    switch operation {
    case .square: return number * number
    case .abs: return Swift.abs(number)
    case .sign: return number > 0 ? 1 : number < 0 ? -1 : 0
    case .sqrt: return number.squareRoot()
    case .relu: return number < 0 ? 0 : number
    case .exp: return Float(ReferenceFunctions.value(.exp, x))
    case .log: return Float(Foundation.log(x))
    case .sig: return Float(ReferenceFunctions.value(.sig, x))
    case .tanh: return Float(ReferenceFunctions.value(.tanh, x))
    case .erf: return Float(Foundation.erf(x))
    case .atan: return Float(Foundation.atan(x))
    case .gauss: return Float(Foundation.exp(-x * x * .pi / 16))
    case .sin: return Float(ReferenceFunctions.value(.sin, x))
    case .cos: return Float(ReferenceFunctions.value(.cos, x))
    case .softplus: return Float(ReferenceFunctions.value(.softplus, x))
    case .softplusSlope: return x > ReferenceFunctions.softplusLimit ? 1 : Float(ReferenceFunctions.value(.sig, x))
    case .constant, .input, .upstream, .add, .mul, .div, .keepUnclamped, .keepPositive, .expShifted, .rowSum, .rowMax,
      .batchSum:
      return .nan
    }
  }

  /// The values a value is computed from; -1 where there is none.
  func operands(_ index: Int) -> (Int, Int) {
    let value = values[index]
    switch value.operation {
    case .constant, .input, .upstream: return (-1, -1)
    case .add, .mul, .div, .keepUnclamped, .keepPositive, .expShifted:
      return (Int(value.first >> 1), Int(value.second >> 1))
    case .square, .abs, .sign, .sqrt, .relu, .exp, .log, .sig, .tanh, .erf, .atan, .gauss, .sin, .cos, .softplus,
      .softplusSlope, .rowSum, .rowMax, .batchSum:
      return (Int(value.first >> 1), -1)
    }
  }

  // MARK: The table

  /// The value, found or added.
  private mutating func insert(_ value: Value) -> Reference {
    if (values.count + 1) * 2 > table.count { grow() }
    let mask = table.count - 1
    var place = Self.hash(value) & mask
    while table[place] != 0 {
      let found = Int(table[place]) - 1
      if values[found] == value { return Reference(found) }
      place = (place + 1) & mask
    }
    values.append(value)
    table[place] = Int32(values.count)
    return Reference(values.count - 1)
  }

  /// The value of one argument if it stands here.
  func find(_ operation: Operation, _ a: Reference) -> Int? {
    let value = Value(operation: operation, extent: extent(a), summed: .one, first: a.bits, second: 0)
    let mask = table.count - 1
    var place = Self.hash(value) & mask
    while table[place] != 0 {
      let found = Int(table[place]) - 1
      if values[found] == value { return found }
      place = (place + 1) & mask
    }
    return nil
  }

  private mutating func grow() {
    table = [Int32](repeating: 0, count: table.count * 4)
    let mask = table.count - 1
    for (index, value) in values.enumerated() {
      var place = Self.hash(value) & mask
      while table[place] != 0 { place = (place + 1) & mask }
      table[place] = Int32(index + 1)
    }
  }

  private static func hash(_ value: Value) -> Int {
    var hash = UInt64(UInt32(bitPattern: value.first)) << 32 | UInt64(UInt32(bitPattern: value.second))
    hash =
      (hash ^ UInt64(value.operation.rawValue) << 56 ^ UInt64(value.summed.rawValue) << 24) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: hash >> 40)
  }
}
