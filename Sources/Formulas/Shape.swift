/// What a result is a number for: everything, the whole batch at once, each sample, or each entry of N×C.
public enum Shape: String, CaseIterable, Hashable, Sendable, Codable {
  /// One number that couples no samples (constants and what is computed from them).
  case scalar
  /// One number computed from all samples (a `Dot` over N).
  case batchScalar
  /// A number for each of the N samples or boxes.
  case perSample
  /// A number for each entry of N×C.
  case perElement
}

/// The array shape of a value, as the original tool's tensors have it.
public enum ValueShape: String, CaseIterable, Hashable, Sendable, Codable {
  /// `[]`: rank 0.
  case rankZero
  /// `[1]`: a literal or computed constant.
  case one
  /// `[N]`.
  case perSample
  /// `[N, C]`.
  case perElement

  /// The lengths of the axes for N rows and C classes.
  public func extents(rows: Int, classes: Int) -> [Int] {
    switch self {
    case .rankZero: []
    case .one: [1]
    case .perSample: [rows]
    case .perElement: [rows, classes]
    }
  }
}

/// The shape of one node, and whether its rows depend on one another.
public struct NodeShape: Hashable, Sendable {
  public let value: ValueShape
  /// Whether a `Dot` over N lies below, so that a row's value depends on other rows.
  public let couplesSamples: Bool

  public init(_ value: ValueShape, couplesSamples: Bool = false) {
    self.value = value
    self.couplesSamples = couplesSamples
  }

  public var shape: Shape {
    switch value {
    case .rankZero, .one: couplesSamples ? .batchScalar : .scalar
    case .perSample: .perSample
    case .perElement: .perElement
    }
  }
}
