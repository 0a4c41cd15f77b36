import Formulas
import JSONValues

/// Reads `{"X": [[…], …], …}`: nested arrays of numbers, rounded to Float.
public enum EvaluationInputs {
  /// The inputs of a formula; variables that it does not use may be absent.
  /// - Throws: `EvaluationFailure` naming the variable whose numbers are missing, ragged or of another size.
  public static func read(_ json: JSONValue, for formula: Formula, mode: Mode) throws(EvaluationFailure)
    -> LossInputs<Float>
  {
    guard case .object = json else {
      throw EvaluationFailure(.inputs("inputShape"), "inputs must be an object of arrays, one for each variable")
    }
    let rank = mode.variableShape == .perElement ? 2 : 1
    var inputs: LossInputs<Float>?
    for variable in mode.variables {
      let value = json[variable.rawValue]
      if value.isNull { continue }
      let (shape, numbers) = try array(value, name: variable.rawValue, rank: rank)
      var known = inputs ?? LossInputs<Float>(rows: shape[0], classes: rank == 2 ? shape[1] : 1)
      guard shape[0] == known.rows, rank == 1 || shape[1] == known.classes else {
        throw EvaluationFailure(
          .inputs("inputShape"), "inputs.\(variable.rawValue) has shape \(shape), the variables before it have another")
      }
      known[variable] = numbers
      inputs = known
    }
    if let inputs { return inputs }
    guard formula.variables.isEmpty else {
      throw EvaluationFailure(
        .inputs("missingInput"),
        "inputs has none of \(mode.variables.map(\.rawValue).joined(separator: ", ")): add them")
    }
    return LossInputs<Float>(rows: 1, classes: 1)
  }

  private static func array(_ value: JSONValue, name: String, rank: Int) throws(EvaluationFailure) -> ([Int], [Float]) {
    guard case .array(let rows) = value else { throw shapeFault(name, rank) }
    if rank == 1 { return ([rows.count], try numbers(rows, name, rank)) }
    var all: [Float] = []
    var width: Int?
    for row in rows {
      guard case .array(let entries) = row, width == nil || entries.count == width else { throw shapeFault(name, rank) }
      width = entries.count
      all += try numbers(entries, name, rank)
    }
    return ([rows.count, width ?? 0], all)
  }

  private static func numbers(_ entries: [JSONValue], _ name: String, _ rank: Int) throws(EvaluationFailure) -> [Float]
  {
    var result: [Float] = []
    result.reserveCapacity(entries.count)
    for entry in entries {
      guard let value = entry.number else { throw shapeFault(name, rank) }
      result.append(Float(value))
    }
    return result
  }

  private static func shapeFault(_ name: String, _ rank: Int) -> EvaluationFailure {
    let shape = rank == 2 ? "N rows of C numbers each" : "N numbers"
    return EvaluationFailure(
      .inputs("inputShape"), "inputs.\(name) must be \(shape); write nan and infinities as \"nan\", \"inf\", \"-inf\"")
  }
}
