import Formulas
import JSONValues

/// One line of `eval-expr --batch`: a formula (or a built-in name), its mode, and the numbers to evaluate it on.
public struct EvaluationRequest: Sendable {
  /// A string or a number that the answer repeats; null when the line has none.
  public let id: JSONValue
  public let formula: String
  /// Nil lets the variables decide.
  public let mode: Mode?
  /// Nil when the line has none: the formula is then checked and not evaluated.
  public let inputs: JSONValue?

  public init(id: JSONValue = .null, formula: String, mode: Mode?, inputs: JSONValue?) {
    (self.id, self.formula, self.mode, self.inputs) = (id, formula, mode, inputs)
  }

  /// Reads a line `{"id","mode","formula","inputs":{…}}`; other fields are passed over.
  /// - Throws: `EvaluationFailure` for text that is no JSON object with a formula.
  public init(line: String) throws(EvaluationFailure) { try self.init(bytes: Array(line.utf8), mode: nil) }

  /// The same from bytes; `mode` is that of lines that name none.
  init(bytes: [UInt8], mode: Mode?) throws(EvaluationFailure) {
    let form = "write {\"id\":…,\"mode\":…,\"formula\":…,…}"
    let object: JSONValue
    do throws(JSONError) {
      object = try JSONValue(parsing: bytes)
    } catch {
      throw EvaluationFailure(.badJSON, "this line is no JSON (column \(error.column): \(error.reason)): \(form)")
    }
    guard case .object = object else {
      throw EvaluationFailure(.badJSON, "this line is \(object.kind) and no JSON object: \(form)")
    }
    id = Self.identifier(object["id"])
    guard let formula = object["formula"].string else {
      let finding = object["formula"].isNull ? "missing" : "\(object["formula"].kind) and no text"
      let mend = Self.suggestion("formula", in: object)
      throw EvaluationFailure(
        .badRequest, "the field formula is \(finding)" + (mend.isEmpty ? ": \(form)" : mend), id: id)
    }
    self.formula = formula
    switch object["mode"] {
    case .null: self.mode = mode
    case let value:
      guard let known = value.string.flatMap(Mode.init(rawValue:)) else {
        let modes = Mode.allCases.map(\.rawValue).joined(separator: ", ")
        throw EvaluationFailure(.badRequest, "the field mode is \(value.kind) and must be one of \(modes)", id: id)
      }
      self.mode = known
    }
    let inputs = object["inputs"]
    self.inputs = inputs.isNull ? JSONValue?.none : inputs
    guard inputs.isNull else { return }
    let letters = Variable.allCases.filter { !object[$0.rawValue].isNull }.map(\.rawValue)
    let mend =
      letters.isEmpty
      ? Self.suggestion("inputs", in: object)
      : ": write {\(letters.map { "\"\($0)\":…" }.joined(separator: ","))} there"
    guard mend.isEmpty else { throw EvaluationFailure(.badRequest, "the field inputs is missing" + mend, id: id) }
  }

  /// The name that a misspelled field should have.
  private static func suggestion(_ field: String, in object: JSONValue) -> String {
    let names = (object.members ?? []).map(\.name).filter { $0 != field }
    return NameSuggestion.nearest(to: field, among: names).map { ": '\($0)' should be '\(field)'" } ?? ""
  }

  private static func identifier(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string, .int, .double: value
    case .null, .bool, .array, .object: .null
    }
  }

  /// The answer to a line, as a line; a bad line gives an error line.
  public static func answer(line: String, precision: EvaluationPrecision = .float) -> String {
    do throws(EvaluationFailure) {
      return try EvaluationRequest(line: line).answer(precision: precision).json
    } catch {
      return error.json
    }
  }

  /// Value and gradient, or why there are none.
  /// - Throws: `EvaluationFailure`.
  public func answer(precision: EvaluationPrecision = .float) throws(EvaluationFailure) -> EvaluationResponse {
    do {
      let (formula, mode) = try LossReference.formula(self.formula, mode: self.mode)
      if formula.isBareLiteral { throw FormulaError(.bareLiteral, source: self.formula, offset: 0) }
      let shape = try formula.shape(in: mode)
      guard let inputs else {
        return EvaluationResponse(id: id, formula: formula, mode: mode, shape: shape, numbers: nil)
      }
      let numbers = try EvaluationInputs.read(inputs, for: formula, mode: mode)
      return EvaluationResponse(
        id: id, formula: formula, mode: mode, shape: shape,
        numbers: try Self.evaluate(formula, mode, numbers, precision))
    } catch let error as FormulaError {
      throw EvaluationFailure(error, id: id)
    } catch let error as LossReferenceError {
      if case .formula(let fault) = error { throw EvaluationFailure(fault, id: id) }
      // The lines below the first show the place, which is a field of its own here.
      let sentence = error.message.prefix { $0 != "\n" }
      throw EvaluationFailure(.formula(error.code), String(sentence), position: error.position, id: id)
    } catch let error as LossInputError {
      throw EvaluationFailure(.inputs(error.code), error.message, id: id)
    } catch let error as EvaluationFailure {
      throw error.identified(by: id)
    } catch {
      throw EvaluationFailure(.badRequest, "\(error)", id: id)
    }
  }

  private static func evaluate(
    _ formula: Formula, _ mode: Mode, _ inputs: LossInputs<Float>, _ precision: EvaluationPrecision
  ) throws -> EvaluationResponse.Numbers {
    switch precision {
    case .float:
      let result = try Program(formula, mode: mode).evaluate(inputs)
      return EvaluationResponse.Numbers(result, inputs: inputs, mode: mode)
    case .double:
      let result = try ReferenceEvaluator(formula, mode: mode).evaluate(inputs.converted(to: Double.self))
      return EvaluationResponse.Numbers(result, inputs: inputs, mode: mode)
    }
  }
}

/// Which evaluator answers: the compiled one in Float, or the reference in Double (on inputs read as Float).
public enum EvaluationPrecision: String, CaseIterable, Hashable, Sendable, Codable {
  case float
  case double
}
