/// How the entries of a loss become its value.
public enum Reduction: String, CaseIterable, Hashable, Sendable, Codable {
  case none
  case sum
  case mean
}

/// A reduced loss.
public enum LossValue: Hashable, Sendable {
  /// The sum or mean.
  case number(Float)
  /// The entries with their weights, row-major, and the lengths of their axes (reduction `none`).
  case entries([Float], shape: [Int])

  /// The number, or the sum of the entries.
  public var total: Float {
    switch self {
    case .number(let value): value
    case .entries(let values, _): Float(values.reduce(0.0) { $0 + Double($1) })
    }
  }
}

/// Arguments that a loss refuses.
public enum LossError: Error, Hashable, Sendable {
  case averageFactorWithSum
  case labelOnlyMean
  case rowWeightsWithElements
  case labelOutOfRange(row: Int, label: Int, classes: Int)
  case count(String, given: Int, expected: Int)
  case weightsMissing
  case zeroWeightsPerBox

  public var code: String {
    switch self {
    case .averageFactorWithSum: "averageFactorWithSum"
    case .labelOnlyMean: "labelOnlyMean"
    case .rowWeightsWithElements: "rowWeightsWithElements"
    case .labelOutOfRange: "labelOutOfRange"
    case .count: "count"
    case .weightsMissing: "weightsMissing"
    case .zeroWeightsPerBox: "zeroWeightsPerBox"
    }
  }

  public var message: String {
    switch self {
    case .averageFactorWithSum:
      "an averaging factor has no meaning for a sum: use reduction mean, or give no factor"
    case .labelOnlyMean:
      "a formula of Y alone is of whole numbers and has no plain mean: give weights or an averaging factor"
    case .rowWeightsWithElements:
      "weights for each sample do not combine with a value for each element: sum the classes with Dot"
    case .labelOutOfRange(let row, let label, let classes):
      "label \(label) of row \(row) is outside 0 ... \(classes - 1)"
    case .count(let what, let given, let expected): "\(what) holds \(given) numbers where \(expected) are needed"
    case .weightsMissing: "the original's regression module needs weights: give them, or use weighting perBox"
    case .zeroWeightsPerBox:
      "the original's regression module fails on weights of one number a box that are all zero: give four a box"
    }
  }
}
