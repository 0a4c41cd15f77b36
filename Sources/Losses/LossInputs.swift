import Formulas

/// The numbers a formula is evaluated on: for each variable of its mode N×C or N values, row-major.
public struct LossInputs<Scalar: BinaryFloatingPoint & Sendable>: Sendable {
  /// N.
  public let rows: Int
  /// C; 1 for REG.
  public let classes: Int
  private var values: [[Scalar]?]

  public init(rows: Int, classes: Int = 1) {
    self.rows = rows
    self.classes = classes
    values = Array(repeating: nil, count: Variable.allCases.count)
  }

  /// The values of a variable; nil where none were given.
  public subscript(_ variable: Variable) -> [Scalar]? {
    get { values[variable.index] }
    set { values[variable.index] = newValue }
  }

  /// Checks that every variable of a formula has as many values as its mode says.
  /// - Throws: `LossInputError`.
  public func check(for formula: Formula, in mode: Mode) throws(LossInputError) {
    for variable in formula.variables {
      guard let given = self[variable] else { throw .missing(variable) }
      let expected = mode.variableShape == .perElement ? rows * classes : rows
      guard given.count == expected else { throw .count(variable, given: given.count, expected: expected) }
    }
  }

  /// The same numbers in another precision.
  public func converted<Other: BinaryFloatingPoint & Sendable>(to type: Other.Type) -> LossInputs<Other> {
    var copy = LossInputs<Other>(rows: rows, classes: classes)
    for variable in Variable.allCases { copy[variable] = self[variable].map { $0.map { Other($0) } } }
    return copy
  }
}

/// Inputs that do not fit a formula.
public enum LossInputError: Error, Hashable, Sendable {
  case missing(Variable)
  case count(Variable, given: Int, expected: Int)

  public var code: String {
    switch self {
    case .missing: "missingInput"
    case .count: "inputShape"
    }
  }

  public var message: String {
    switch self {
    case .missing(let variable): "the formula uses \(variable.rawValue), but inputs has no \(variable.rawValue): add it"
    case .count(let variable, let given, let expected):
      "inputs.\(variable.rawValue) holds \(given) numbers where \(expected) are needed"
    }
  }
}

/// Value and gradient of a formula.
public struct LossResult<Scalar: BinaryFloatingPoint & Sendable>: Sendable {
  /// The shape of the value: `[]`, `[1]`, `[N]` or `[N, C]`.
  public let shape: ValueShape
  /// The value, row-major; one number for `[]` and `[1]`.
  public let value: [Scalar]
  /// The gradient of the sum of the value (times upstream weights); no entry where the formula does not depend on it.
  public let gradients: [Variable: [Scalar]]
}
