import Foundation

/// Draws whose result is fixed by the generator's state alone.
///
/// The standard library may change how `Int.random(in:using:)` maps words to results; a run must not change
/// with the toolchain, so the mappings are written out here.
extension SeededGenerator {
  /// A number in [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number in [low, high).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// An index in 0 ..< count, unbiased (Lemire, 2019); 0 for a count of 1 or less.
  public mutating func index(below count: Int) -> Int {
    guard count > 1 else { return 0 }
    let bound = UInt64(count)
    let threshold = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= threshold { return Int(product.high) }
    }
  }

  /// An integer in the closed range.
  public mutating func integer(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + index(below: range.count)
  }

  /// True with the given probability.
  public mutating func chance(_ probability: Double) -> Bool {
    uniform() < probability
  }

  /// A draw of the standard normal distribution (Box and Muller, the cosine branch; two words a draw).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// One element, each with equal chance; nil when there is none.
  public mutating func element<C: RandomAccessCollection>(of elements: C) -> C.Element? {
    guard !elements.isEmpty else { return nil }
    return elements[elements.index(elements.startIndex, offsetBy: index(below: elements.count))]
  }

  /// An index drawn in proportion to non-negative weights; nil when their sum is not positive and finite.
  public mutating func index(weights: [Double]) -> Int? {
    let total = weights.reduce(0, +)
    guard total > 0, total.isFinite else { return nil }
    var rest = uniform() * total
    for (index, weight) in weights.enumerated() where weight > 0 {
      rest -= weight
      if rest < 0 { return index }
    }
    return weights.lastIndex { $0 > 0 }
  }

  /// Shuffles in place (Fisher and Yates).
  @inlinable
  public mutating func shuffle<C: MutableCollection & RandomAccessCollection>(_ elements: inout C)
  where C.Index == Int {
    guard elements.count > 1 else { return }
    for offset in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(elements.startIndex + offset, elements.startIndex + index(below: offset + 1))
    }
  }
}
