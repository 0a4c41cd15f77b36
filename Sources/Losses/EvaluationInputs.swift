import Formulas
import JSONValues

/// Reads `{"X": [[…], …], …}`: nested arrays of numbers, rounded to Float.
public enum EvaluationInputs {
  /// The inputs of a formula; variables that it does not use may be absent.
  /// - Throws: `EvaluationFailure` naming the variable whose numbers are missing, ragged or of another size, or the name
  ///   that is no variable of the mode.
  public static func read(_ json: JSONValue, for formula: Formula, mode: Mode) throws(EvaluationFailure)
    -> LossInputs<Float>
  {
    guard case .object(let members) = json else {
      throw EvaluationFailure(
        .inputs("inputShape"), "inputs is \(json.kind) and must be an object of arrays, one for each variable")
    }
    for member in members { try checkName(member.name, in: mode) }
    let rank = mode.variableShape == .perElement ? 2 : 1
    var first: (name: String, shape: [Int])?
    var inputs = LossInputs<Float>(rows: 1, classes: 1)
    for variable in mode.variables {
      let value = json[variable.rawValue]
      if value.isNull { continue }
      let (shape, numbers) = try EvaluationArray(name: variable.rawValue, rank: rank).read(value)
      if let first, shape != first.shape {
        throw EvaluationFailure(
          .inputs("inputShape"),
          "inputs.\(variable.rawValue) has shape \(shape), inputs.\(first.name) has \(first.shape): make them equal")
      }
      if first == nil {
        first = (variable.rawValue, shape)
        inputs = LossInputs<Float>(rows: shape[0], classes: rank == 2 ? shape[1] : 1)
      }
      inputs[variable] = numbers
    }
    guard first != nil || formula.variables.isEmpty else {
      throw EvaluationFailure(.inputs("missingInput"), "inputs has none of \(list(mode)): add them")
    }
    return inputs
  }

  /// A name that is no variable of the mode would be passed over unseen.
  private static func checkName(_ name: String, in mode: Mode) throws(EvaluationFailure) {
    if mode.variables.contains(where: { $0.rawValue == name }) { return }
    let others = Mode.allCases.filter { $0.variables.contains { $0.rawValue == name } }.map(\.rawValue)
    guard others.isEmpty else {
      throw EvaluationFailure(
        .inputs("variableNotOfMode"),
        "inputs.\(name) is no variable of \(mode.rawValue) (it is one of \(others.joined(separator: ", "))): "
          + "\(mode.rawValue) has \(list(mode))")
    }
    let shown = name.count > 40 ? name.prefix(40) + "…" : name
    let suggestion = NameSuggestion.nearest(to: name, among: mode.variables.map(\.rawValue))
    throw EvaluationFailure(
      .inputs("unknownName"),
      "inputs.\(shown) is no variable: " + (suggestion.map { "did you mean '\($0)'? " } ?? "")
        + "\(mode.rawValue) has \(list(mode))")
  }

  private static func list(_ mode: Mode) -> String { mode.variables.map(\.rawValue).joined(separator: ", ") }
}

/// The nested numbers of one variable.
private struct EvaluationArray {
  let name: String
  /// 1 for N numbers, 2 for N rows of C.
  let rank: Int

  /// The lengths of the axes, and the numbers row by row.
  func read(_ value: JSONValue) throws(EvaluationFailure) -> (shape: [Int], numbers: [Float]) {
    guard case .array(let rows) = value else { throw fault("it is \(value.kind)") }
    if rank == 1 { return ([rows.count], try numbers(rows, place: name)) }
    var all: [Float] = []
    var width: Int?
    for (index, row) in rows.enumerated() {
      let place = "\(name)[\(index)]"
      guard case .array(let entries) = row else { throw fault("\(place) is \(row.kind)") }
      if let width, entries.count != width {
        throw fault("\(place) has \(entries.count) numbers, the rows before it \(width)")
      }
      width = entries.count
      all += try numbers(entries, place: place)
    }
    return ([rows.count, width ?? 0], all)
  }

  private func numbers(_ entries: [JSONValue], place: String) throws(EvaluationFailure) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      guard let value = entry.number else { throw fault("\(place)[\(index)] is \(entry.kind)") }
      let rounded = Float(value)
      guard rounded.isFinite || !value.isFinite else {
        throw EvaluationFailure(
          .inputs("inputShape"),
          "inputs.\(place)[\(index)] is \(value), too large for Float (3.4e38): write \"inf\" if that is meant")
      }
      result.append(rounded)
    }
    return result
  }

  private func fault(_ finding: String) -> EvaluationFailure {
    let shape = rank == 2 ? "N rows of C numbers each" : "N numbers"
    return EvaluationFailure(
      .inputs("inputShape"),
      "inputs.\(name) must be \(shape), and \(finding); write nan and infinities as \"nan\", \"inf\", \"-inf\"")
  }
}
