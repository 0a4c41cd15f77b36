/// Changes the labels of a map before it is used, as data sets of other tools ask for.
public struct LabelMapping: Hashable, Sendable, Codable {
  /// A label that becomes another.
  public struct Replacement: Hashable, Sendable, Codable {
    public var from: UInt8
    public var to: UInt8

    public init(_ from: UInt8, to: UInt8) { (self.from, self.to) = (from, to) }
  }

  /// Applied one after the other, so that they may chain.
  public var replacements: [Replacement]
  /// Afterwards every label is one less, 0 is ignored and 255 stays.
  public var reducesZeroLabel: Bool

  public init(replacements: [Replacement] = [], reducesZeroLabel: Bool = false) {
    (self.replacements, self.reducesZeroLabel) = (replacements, reducesZeroLabel)
  }

  public func apply(to labels: [UInt8]) -> [UInt8] {
    let table = (0...255).map { index in
      let label = replacements.reduce(UInt8(index)) { $0 == $1.from ? $1.to : $0 }
      return reducesZeroLabel ? (label == 0 || label == 255 ? 255 : label - 1) : label
    }
    return labels.map { table[Int($0)] }
  }
}
