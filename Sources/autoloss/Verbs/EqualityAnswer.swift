import Formulas
import Foundation
import JSONValues
import Losses
import Search

/// What `losses equal` says, for people and for machines.
struct EqualityAnswer {
  let comparison: LossComparison

  init(_ comparison: LossComparison) { self.comparison = comparison }

  /// In one sentence.
  var reason: String {
    switch comparison.verdict {
    case .same(.canonicalForm(let form, _)): "equal canonical form \(form), which proves it"
    case .same(.equalGradients(let probes)):
      "equal gradients on \(probes) probe inputs, which is observed, not proved: the canonical forms differ"
    case .family(let scale, let probes):
      "the second's gradient is \(Self.number(scale)) times the first's on \(probes) probe inputs (observed), "
        + "which acts like the loss weight"
    case .different: "their gradients differ, also up to a positive factor"
    case .undecided(let obstacle): obstacle.message
    }
  }

  var text: String {
    let forms = ["  first   \(comparison.canonical[0])", "  second  \(comparison.canonical[1])"]
    switch comparison.verdict {
    case .same(.canonicalForm(_, let rules)):
      return lines(
        "the same loss: \(reason)",
        (rules.isEmpty ? [] : ["  rules"] + rules.map { "    \($0.rawValue): \($0.statement)" }) + partInFloat)
    case .same(.equalGradients): return lines("the same loss: \(reason)", forms + partInFloat)
    case .family: return lines("one family, not the same loss: \(reason)", forms + partInFloat)
    case .different(let witness): return lines("different losses: \(reason)", shown(witness))
    case .undecided: return lines("undecided: \(reason)", forms)
    }
  }

  /// Where rounding makes two losses of one.
  private var partInFloat: [String] {
    guard let witness = comparison.floatWitness else { return [] }
    return ["", "But in Float, in which detectors train, one of them loses its digits:"] + shown(witness)
  }

  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("equal", .bool(comparison.isEqual)), .init("same_family", .bool(comparison.isSameFamily)),
      .init("proved", .bool(isProved)), .init("scale", scale.map { .double($0) } ?? .null),
      .init("mode", .string(comparison.mode.rawValue)), .init("reason", .string(reason)),
      .init("canonical", .array(comparison.canonical.map { .string($0) })),
      .init("float_witness", comparison.floatWitness.map(json) ?? .null),
    ]
    switch comparison.verdict {
    case .same(.canonicalForm(_, let rules)):
      members.append(.init("rules", .array(rules.map { .string($0.rawValue) })))
    case .same(.equalGradients(let probes)), .family(_, let probes): members.append(.init("probes", .int(probes)))
    case .different(let witness): members.append(.init("witness", json(of: witness)))
    case .undecided: break
    }
    return .object(members)
  }

  /// Whether algebra shows the answer; probe inputs can show a difference, but no equality.
  private var isProved: Bool {
    switch comparison.verdict {
    case .same(.canonicalForm), .different: true
    case .same(.equalGradients), .family, .undecided: false
    }
  }

  /// From the first gradient to the second, where there is such a factor.
  private var scale: Double? {
    switch comparison.verdict {
    case .same: 1
    case .family(let scale, _): scale
    case .different, .undecided: nil
    }
  }

  private func lines(_ first: String, _ others: [String]) -> String {
    ([first] + others).joined(separator: "\n")
  }

  private func shown(_ witness: LossWitness) -> [String] {
    var rows = comparison.mode.variables.compactMap { variable in
      witness.inputs[variable].map { "    \(variable.rawValue) = \(Self.list($0))" }
    }
    if let boxes = witness.boxes {
      rows.append(
        "    of the boxes (x1, y1, x2, y2) predicted \(Self.list(boxes.predicted)), target \(Self.list(boxes.target))")
    }
    let gradient = witness.boxes == nil ? "gradient of X" : "gradient of the predicted corners"
    return ["  at"] + rows + [
      "  first   value \(Self.list(witness.values.first)), \(gradient) \(Self.list(witness.gradients.first))",
      "  second  value \(Self.list(witness.values.second)), \(gradient) \(Self.list(witness.gradients.second))",
    ]
  }

  /// Inputs as `eval-expr --inputs` reads them; lists hold the first formula's numbers, then the second's.
  private func json(of witness: LossWitness) -> JSONValue {
    let inputs = comparison.mode.variables.compactMap { variable in
      witness.inputs[variable].map { numbers in
        let row = JSONValue.array(numbers.map { .double($0) })
        return JSONValue.Member(variable.rawValue, witness.boxes == nil ? .array([row]) : row)
      }
    }
    func numbers(_ pair: (first: [Double], second: [Double])) -> JSONValue {
      .array([pair.first, pair.second].map { .array($0.map { .double($0) }) })
    }
    var members: [JSONValue.Member] = [
      .init("inputs", .object(inputs)), .init("values", numbers(witness.values)),
      .init("gradients", numbers(witness.gradients)),
      .init("gradient_of", .string(witness.boxes == nil ? "X" : "predicted")),
    ]
    if let boxes = witness.boxes {
      let corners: [JSONValue.Member] = [
        .init("predicted", .array(boxes.predicted.map { .double($0) })),
        .init("target", .array(boxes.target.map { .double($0) })),
      ]
      members.append(.init("boxes", .object(corners)))
    }
    return .object(members)
  }

  private static func list(_ numbers: [Double]) -> String {
    numbers.count == 1 ? number(numbers[0]) : "[" + numbers.map(number).joined(separator: ", ") + "]"
  }

  private static func number(_ value: Double) -> String {
    // C prints the sign of a nan, which means nothing.
    value.isNaN ? "nan" : String(format: "%.6g", value)
  }
}
