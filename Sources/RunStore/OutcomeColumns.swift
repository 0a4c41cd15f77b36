import Foundation
import GRDB

/// An outcome as columns of the tables of scores; those that do not belong to its case are NULL.
struct OutcomeColumns {
  var ap: Double?
  var ap50: Double?
  var ap75: Double?
  var divergedStep: Int?
  /// Metrics by name as JSON, with the keys sorted and "nan" as text.
  var measures: String?

  init(_ outcome: ScoreOutcome) throws {
    switch outcome {
    case .scored(let ap, let ap50, let ap75): (self.ap, self.ap50, self.ap75) = (ap, ap50, ap75)
    case .diverged(let step): divergedStep = step
    case .measured(let metrics):
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      measures = String(decoding: try encoder.encode(metrics), as: UTF8.self)
    }
  }

  /// The outcome that a row holds. Databases of the first version have no column of measures.
  static func outcome(of row: Row) throws -> ScoreOutcome {
    if let step = try row.decode(Int?.self, forColumn: "diverged_step") { return .diverged(step: step) }
    if row.hasColumn("measures"), let text = try row.decode(String?.self, forColumn: "measures") {
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return .measured(try decoder.decode([String: Double].self, from: Data(text.utf8)))
    }
    // SQLite keeps NaN as NULL.
    func number(_ column: String) throws -> Double { try row.decode(Double?.self, forColumn: column) ?? .nan }
    return .scored(ap: try number("ap"), ap50: try number("ap50"), ap75: try number("ap75"))
  }
}
