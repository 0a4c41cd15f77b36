import Formulas

/// A part of a formula that could be left out or replaced by a number, as far as the probe inputs show.
public struct DeadPart: Hashable, Sendable {
  /// In what way it is dead; the raw values are stable.
  public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
    /// The same number at every input.
    case constant
    /// The same number wherever it has influence; elsewhere it is multiplied by 0 or cut off.
    case constantWhereUsed
    /// Changes neither the value nor the gradient, whatever stands there.
    case noInfluence
    /// Equal to one of its arguments everywhere (a Relu of what is never negative, a product with 1).
    case sameAsArgument
    /// Changes the value, never the gradient.
    case shiftsValueOnly
  }

  public let kind: Kind
  /// The index of the part's root in `Formula.nodes`.
  public let node: Int
  /// The part, printed; cut with … where it is long.
  public let part: String
  /// The number that may stand in its place (`constant`, `constantWhereUsed`).
  public let number: Double?
  /// The argument that may (`sameAsArgument`), printed.
  public let argument: String?
  /// The index of that argument.
  public let argumentNode: Int?

  init(
    _ kind: Kind, node: Int, part: String, number: Double? = nil, argument: String? = nil, argumentNode: Int? = nil
  ) {
    (self.kind, self.node, self.part, self.number) = (kind, node, part, number)
    (self.argument, self.argumentNode) = (argument, argumentNode)
  }

  /// What may stand in its place; nil for `noInfluence` and `shiftsValueOnly`, where any number may.
  public var replacement: String? { number?.brief ?? argument }

  /// Whether the part is superfluous; a shift of the value is not, it puts the minimum at a readable number.
  public var isDeadCode: Bool {
    switch kind {
    case .constant, .constantWhereUsed, .noInfluence, .sameAsArgument: true
    case .shiftsValueOnly: false
    }
  }

  public var message: String {
    switch kind {
    case .constant: "always \(replacement ?? "")"
    case .constantWhereUsed: "\(replacement ?? "") wherever it has influence"
    case .noInfluence: "no influence on value or gradient"
    case .sameAsArgument: "always equal to its argument \(replacement ?? "")"
    case .shiftsValueOnly: "shifts the value, never the gradient"
    }
  }
}
