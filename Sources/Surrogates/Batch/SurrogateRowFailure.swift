import Formulas
import JSONValues
import Losses

/// Why a row of a batch has no answer.
public struct SurrogateRowFailure: Error, Hashable, Sendable {
  /// Stable codes.
  public enum Code: String, CaseIterable, Hashable, Sendable {
    case badJSON
    case badKey
    case unknownInputs
    case wrongSize
    case labelOutside
    case notFinite
    case unknownMetric
    case unknownParameterization
    case wrongTheta
    case wrongTolerance
  }

  public let code: Code
  /// The key of the row that is to be mended; nil where the row cannot be read at all.
  public let key: String?
  public let message: String

  init(_ code: Code, key: String?, _ message: String) {
    (self.code, self.key, self.message) = (code, key, message)
  }

  init(_ error: SegmentationLossError) {
    switch error {
    case .shape: self.init(.wrongSize, key: "logits", error.message)
    case .metric: self.init(.unknownMetric, key: "metric", error.message)
    case .parameterization: self.init(.unknownParameterization, key: "parameterization", error.message)
    case .theta: self.init(.wrongTheta, key: "theta", error.message)
    case .tolerance: self.init(.wrongTolerance, key: "tol", error.message)
    }
  }

  /// Refuses a row with a key that nobody reads, so that no misspelled one is passed over.
  ///
  /// - Parameter called: what keys are called elsewhere, with their names here.
  static func checkKeys(
    of row: JSONValue, known: [String], called: [String: String] = [:]
  ) throws(SurrogateRowFailure) {
    for name in (row.members ?? []).map(\.name) where !known.contains(name) {
      let nearest = called[name] ?? NameSuggestion.nearest(to: name, among: known)
      throw SurrogateRowFailure(
        .badKey, key: name,
        "there is no key '\(name)'" + (nearest.map { ": did you mean '\($0)'?" } ?? ": leave it out"))
    }
  }

  /// `{"code","message","key"}`.
  var json: JSONValue {
    ["code": .string(code.rawValue), "message": .string(message), "key": key.map { .string($0) } ?? .null]
  }
}
