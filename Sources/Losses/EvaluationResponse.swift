import Formulas
import JSONValues

/// The answer to an `EvaluationRequest`.
public struct EvaluationResponse: Sendable {
  public let id: JSONValue
  public let formula: Formula
  public let mode: Mode
  public let shape: Shape
  /// Nil when the request had no inputs.
  public let numbers: Numbers?

  /// Value and gradients as JSON, nested like their shapes.
  public struct Numbers: Sendable {
    public let value: String
    /// The gradient of the sum of the value by variable; nil where there is no dependence.
    public let gradients: [(variable: Variable, json: String?)]

    init<Scalar: BinaryFloatingPoint & CustomStringConvertible & Sendable>(
      _ result: LossResult<Scalar>, inputs: LossInputs<Float>, mode: Mode
    ) {
      let (rows, classes) = (inputs.rows, inputs.classes)
      value = JSONText.nested(result.value, shape: result.shape.extents(rows: rows, classes: classes))
      let extents = mode.variableShape.extents(rows: rows, classes: classes)
      gradients = mode.differentiableVariables.map { variable in
        (variable, result.gradients[variable].map { JSONText.nested($0, shape: extents) })
      }
    }
  }

  /// `{"id","value","grad":{…}}` on one line; value and grad are null when there were no inputs.
  public var json: String { json(line: nil, adding: []) }

  /// The same with the number of the request's line behind the id, and further members at the end.
  func json(line: Int?, adding members: [JSONValue.Member]) -> String {
    var fields = ["\"id\":\(id)"] + (line.map { ["\"line\":\($0)"] } ?? [])
    if let numbers {
      let gradients = numbers.gradients.map { "\"\($0.variable.rawValue)\":\($0.json ?? "null")" }
      fields += ["\"value\":\(numbers.value)", "\"grad\":{\(gradients.joined(separator: ","))}"]
    } else {
      fields += ["\"value\":null", "\"grad\":null"]
    }
    fields += ["\"mode\":\"\(mode.rawValue)\"", "\"shape\":\"\(shape.rawValue)\""]
    let issues = formula.originalToolIssues.map { JSONText.string($0.message) }
    if !issues.isEmpty { fields.append("\"original_tool_issues\":[\(issues.joined(separator: ","))]") }
    fields += members.map { "\(JSONText.string($0.name)):\($0.value)" }
    return "{\(fields.joined(separator: ","))}"
  }
}

/// Why a request has no answer.
public struct EvaluationFailure: Error, Sendable {
  /// The closed list of reasons.
  public enum Kind: Hashable, Sendable {
    case badJSON
    case badRequest
    /// A fault of the formula, with its code.
    case formula(String)
    /// A fault of the inputs, with its code.
    case inputs(String)
  }

  public let kind: Kind
  public let message: String
  /// The place in the formula.
  public let position: FormulaError.Position?
  public let id: JSONValue

  public init(_ kind: Kind, _ message: String, position: FormulaError.Position? = nil, id: JSONValue = .null) {
    (self.kind, self.message, self.position, self.id) = (kind, message, position, id)
  }

  public init(_ error: FormulaError, id: JSONValue = .null) {
    self.init(.formula(error.code), error.message, position: error.position, id: id)
  }

  public var code: String {
    switch kind {
    case .badJSON: "badJSON"
    case .badRequest: "badRequest"
    case .formula(let code), .inputs(let code): code
    }
  }

  func identified(by id: JSONValue) -> EvaluationFailure {
    EvaluationFailure(kind, message, position: position, id: id)
  }

  /// `{"id","error":{"code","message","position"}}` on one line; position is the offset in the formula, or null.
  public var json: String { json(line: nil) }

  /// The same with the number of the request's line behind the id.
  func json(line: Int?) -> String {
    let place = position.map { "\($0.offset),\"line\":\($0.line),\"column\":\($0.column)" } ?? "null"
    return "{\"id\":\(id)," + (line.map { "\"line\":\($0)," } ?? "")
      + "\"error\":{\"code\":\"\(code)\",\"message\":\(JSONText.string(message)),\"position\":\(place)}}"
  }
}
