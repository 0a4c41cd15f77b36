import Formulas

/// A place in a formula that can fail, with an input that shows it.
public struct Hazard: Hashable, Sendable {
  public let code: LossWarning
  /// The index of the failing node in `Formula.nodes`.
  public let node: Int
  /// The failing part, printed; cut with … where it is long.
  public let part: String
  /// What happens there, with figures.
  public let detail: String
  /// The mildest input found that shows it, in words.
  public let input: String
  /// The same input as numbers: one row of every variable that the formula uses.
  public let numbers: [ProbeNumbers]

  public var message: String { "\(code.sentence) (\(detail)) at \(input)" }
}

/// One row of one variable.
public struct ProbeNumbers: Hashable, Sendable {
  public let variable: Variable
  /// C numbers in classification, one for boxes.
  public let row: [Double]

  public init(_ variable: Variable, row: [Double]) {
    self.variable = variable
    self.row = row
  }
}
