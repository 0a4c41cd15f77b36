import Formulas
import Foundation
import GoldenData
import Losses
import Testing

/// Every row of expressions.jsonl, in both evaluators.
@Suite struct GoldenExpressionTests {
  /// N combined with N×C: the original misaligns them for N = C or N = 1, we refuse (design §3).
  static let refused = ["e0448", "e0449", "e0450", "e0451", "e0452", "e0455"]
  /// Ill-conditioned in Double (golden README, "Tolerances").
  static let illConditioned = ["e0083", "e0530", "e0547"]

  @Test func rowsThatMixNWithNTimesCAreRefused() throws {
    let rows = try GoldenFile("expressions.jsonl").rows()
    var refused: [String] = []
    for row in rows {
      let mode = try #require(row["mode"].string.flatMap(Mode.init(rawValue:)))
      do {
        _ = try Formula(parsing: row["formula"].string ?? "", mode: mode)
      } catch {
        #expect(error.code == "sampleWithElement")
        refused.append(row["id"].string ?? "")
      }
    }
    #expect(refused == Self.refused)
    #expect(rows.count > 800)
  }

  @Test(arguments: InstructionSet.available) func programAgreesWithTheOriginalInFloat(set: InstructionSet) throws {
    var checked = 0
    for row in try GoldenFile("expressions.jsonl").rows() where !Self.refused.contains(row["id"].string ?? "") {
      let (formula, mode, inputs) = try GoldenExpression.read(row)
      let result = try Program(formula, mode: mode, instructionSet: set).evaluate(inputs)
      let label = "\(row["id"].string ?? "") \(formula) \(set)"
      #expect(
        result.shape.extents(rows: inputs.rows, classes: inputs.classes) == row["shape"].array?.compactMap(\.int),
        "\(label)")
      GoldenExpression.expect(result.value.map(Double.init), row["value"], tolerance: row["tol"], "\(label) value")
      for variable in mode.differentiableVariables {
        let expected = row["grad"][variable.rawValue]
        let gradient = result.gradients[variable]
        #expect((gradient == nil) == expected.isNull, "\(label) dependence on \(variable)")
        guard let gradient else { continue }
        GoldenExpression.expect(
          gradient.map(Double.init), expected, tolerance: row["gtol"][variable.rawValue],
          "\(label) gradient \(variable)")
      }
      checked += 1
    }
    #expect(checked > 800)
  }

  @Test func referenceAgreesWithTheOriginalInDouble() throws {
    var checked = 0
    for row in try GoldenFile("expressions.jsonl").rows() where !Self.refused.contains(row["id"].string ?? "") {
      guard !Self.illConditioned.contains(row["id"].string ?? "") else { continue }
      let (formula, mode, inputs) = try GoldenExpression.read(row)
      let result = try ReferenceEvaluator(formula, mode: mode).evaluate(inputs.converted(to: Double.self))
      let label = "\(row["id"].string ?? "") \(formula)"
      GoldenExpression.expectDouble(result.value, row["value64"], skip: row["tol"], "\(label) value")
      for variable in mode.differentiableVariables {
        let expected = row["grad64"][variable.rawValue]
        guard let gradient = result.gradients[variable] else {
          #expect(expected.isNull, "\(label) dependence on \(variable)")
          continue
        }
        GoldenExpression.expectDouble(
          gradient, expected, skip: row["gtol"][variable.rawValue], "\(label) gradient \(variable)")
      }
      checked += 1
    }
    #expect(checked > 800)
  }
}

/// Reads a golden row and compares numbers with it.
enum GoldenExpression {
  static func read(_ row: GoldenValue) throws -> (Formula, Mode, LossInputs<Float>) {
    let mode = try #require(row["mode"].string.flatMap(Mode.init(rawValue:)))
    let formula = try Formula(parsing: row["formula"].string ?? "", mode: mode)
    let first = row["inputs"][mode.variables[0].rawValue].shape
    var inputs = LossInputs<Float>(rows: first[0], classes: first.count > 1 ? first[1] : 1)
    for variable in mode.variables { inputs[variable] = row["inputs"][variable.rawValue].floats }
    return (formula, mode, inputs)
  }

  /// Each entry within its own absolute tolerance; "inf" accepts anything.
  static func expect(_ actual: [Double], _ expected: GoldenValue, tolerance: GoldenValue, _ label: String) {
    let wanted = expected.floats.map(Double.init)
    let limits = tolerance.doubles
    #expect(actual.count == wanted.count, "\(label): count")
    for (k, (a, w)) in zip(actual, wanted).enumerated() {
      let limit = limits.count == wanted.count ? limits[k] : limits[0]
      if limit == .infinity { continue }
      let same = a == w || (a.isNaN && w.isNaN) || abs(a - w) <= limit
      #expect(same, "\(label)[\(k)]: \(a) instead of \(w) ± \(limit)")
    }
  }

  /// 1e-8 relative + 1e-9 of the largest entry + 1e-12 (golden README, "Tolerances").
  static func expectDouble(_ actual: [Double], _ expected: GoldenValue, skip: GoldenValue, _ label: String) {
    let wanted = expected.doubles
    let limits = skip.doubles
    #expect(actual.count == wanted.count, "\(label): count")
    let largest = wanted.filter(\.isFinite).map { abs($0) }.max() ?? 0
    for (k, (a, w)) in zip(actual, wanted).enumerated() {
      if (limits.count == wanted.count ? limits[k] : limits.first ?? 0) == .infinity { continue }
      let limit = 1e-8 * abs(w) + 1e-9 * largest + 1e-12
      let same = a == w || (a.isNaN && w.isNaN) || abs(a - w) <= limit
      #expect(same, "\(label)[\(k)]: \(a) instead of \(w) ± \(limit)")
    }
  }
}
