import Formulas
import Foundation
import Losses
import Testing

/// Holds docs/accuracy.md against what the kernels do; AUTOLOSS_WRITE_DOCS=1 writes the page anew.
@Suite struct AccuracyTests {
  /// Every so many floats are tried: 2.9 million arguments of each function.
  static let step: UInt32 = 1499

  @Test func thePageSaysWhatIsMeasured() throws {
    let measured = try AccuracySweep.measure(step: Self.step)
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../docs/accuracy.md")
    if ProcessInfo.processInfo.environment["AUTOLOSS_WRITE_DOCS"] != nil {
      try Data(AccuracyPage(measured).text.utf8).write(to: url)
    }
    let text = try String(contentsOf: url, encoding: .utf8)
    let documented = AccuracyPage.numbers(in: text)
    try #require(documented.count == measured.count, "docs/accuracy.md has \(documented.count) rows")
    for (row, limits) in zip(measured, documented) {
      for (set, error) in row.errors {
        let limit = limits[Int(set.rawValue)]
        #expect(error.units <= limit, "\(row.title) \(row.domain) \(set): \(error.units) at \(error.place)")
        #expect(limit <= 1.25 * error.units + 0.2, "\(row.title) \(row.domain) \(set): the page says \(limit)")
        if row.isBoundByTwoUnits {
          #expect(error.units <= max(2, 1.05 * row.pytorch), "\(row.title) \(row.domain) \(set): \(error.units)")
        }
      }
    }
    #expect(AccuracyPage(documented: documented, of: measured).text == text, "write it with AUTOLOSS_WRITE_DOCS=1")
  }
}

/// The largest errors of every row of the table, by instruction set.
enum AccuracySweep {
  struct Worst {
    var units = 0.0
    var place: Float = 0
  }

  struct Row {
    let title: String
    let domain: String
    let unit: String
    let pytorch: Double
    /// Whether 2 units, or PyTorch's error where that is larger (both are samples: a twentieth more), must do. Not for
    /// slopes, of which the page says what they reach.
    let isBoundByTwoUnits: Bool
    let errors: [(set: InstructionSet, error: Worst)]
  }

  static func measure(step: UInt32) throws -> [Row] {
    var x: [Float] = []
    var bits: UInt32 = 0
    while true {
      let value = Float(bitPattern: bits)
      if !value.isNaN { x.append(value) }
      let (next, overflow) = bits.addingReportingOverflow(step)
      if overflow { break }
      bits = next
    }
    x += [.infinity, -.infinity, 0, -0.0, 88, -87.3, 20, Float(20).nextUp, 1e8, Float(1e8).nextUp]
    var rows: [Row] = []
    for name in AccuracyRow.all.map(\.name).uniqued() {
      let group = AccuracyRow.all.filter { $0.name == name }
      var errors = group.map { _ in [(set: InstructionSet, error: Worst)]() }
      let exact = CurveReference(name)
      let references = (x.map { exact.value(Double($0)) }, x.map { exact.slope(Double($0)) })
      for set in InstructionSet.available {
        let actual = try evaluate("\(name)(X)", x, set)
        for (place, row) in group.enumerated() {
          let (numbers, reference) = row.isSlope ? (actual.slope, references.1) : (actual.value, references.0)
          errors[place].append((set, worst(row, x, numbers, reference)))
        }
      }
      for (row, errors) in zip(group, errors) {
        rows.append(
          Row(
            title: row.title, domain: row.domain, unit: row.unit, pytorch: row.pytorch,
            isBoundByTwoUnits: !row.isSlope,
            errors: errors))
      }
    }
    return rows + (try AccuracyRow.softmax.map { try softmax(classes: $0.classes, pytorch: $0.pytorch) })
  }

  /// Value and slope at every argument.
  private static func evaluate(_ text: String, _ x: [Float], _ set: InstructionSet) throws
    -> (value: [Float], slope: [Float])
  {
    var inputs = LossInputs<Float>(rows: x.count, classes: 1)
    inputs[.x] = x
    let formula = try Formula(grammar: text)
    let result = try Program(formula, mode: .binaryClass, instructionSet: set).evaluate(inputs)
    return (result.value, result.gradients[.x] ?? [])
  }

  private static func worst(_ row: AccuracyRow, _ x: [Float], _ actual: [Float], _ exact: [Double]) -> Worst {
    var worst = Worst()
    for k in x.indices where x[k] >= row.low && x[k] <= row.high {
      let units = error(actual[k], exact[k], scale: row.scale)
      if units > worst.units { worst = Worst(units: units, place: x[k]) }
    }
    return worst
  }

  /// In units in the last place of the exact result; infinite where only one of both is a finite number.
  private static func error(_ actual: Float, _ exact: Double, scale: Float) -> Double {
    let rounded = Float(exact)
    if !actual.isFinite || !rounded.isFinite { return actual == rounded ? 0 : .infinity }
    return abs(Double(actual) - exact) / Double(max(abs(rounded), scale).ulp)
  }

  /// Rows of logits between −8 and 8 that every language draws alike.
  private static func softmax(classes: Int, pytorch: Double) throws -> Row {
    var inputs = LossInputs<Float>(rows: 4096, classes: classes)
    inputs[.x] = (0..<4096).flatMap { row in
      (0..<classes).map { column in
        Float(8 * sin(1.7 * Double(row) + 12.9 * Double(column) + 0.37 * Double(column * column)))
      }
    }
    let formula = try Formula(grammar: "Softmax(X)")
    let exact = try ReferenceEvaluator(formula, mode: .multiClass).value(inputs.converted(to: Double.self))
    let errors = try InstructionSet.available.map { set in
      let actual = try Program(formula, mode: .multiClass, instructionSet: set).evaluate(inputs).value
      var worst = Worst()
      for k in exact.indices {
        let units = error(actual[k], exact[k], scale: 0)
        if units > worst.units { worst = Worst(units: units, place: inputs[.x]?[k] ?? 0) }
      }
      return (set: set, error: worst)
    }
    return Row(
      title: "Softmax", domain: "\(classes) classes, −8 … 8", unit: "result", pytorch: pytorch,
      isBoundByTwoUnits: true,
      errors: errors)
  }
}

extension Array where Element == String {
  /// Without repetitions, in order.
  fileprivate func uniqued() -> [String] {
    reduce(into: []) { list, element in if list.last != element { list.append(element) } }
  }
}
