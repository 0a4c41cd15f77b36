import Formulas
import Foundation
import JSONValues
import Losses
import Reporting
import Screening

/// Value and gradient on the inputs of a file as tables for people; `--json` has every digit.
struct EvaluationTable {
  let response: EvaluationResponse
  /// Value, then the gradient by each variable that the formula depends on.
  private var quantities: [Quantity] = []
  /// A value that is one number.
  private var single: String?
  private var notes: [String] = []

  private static let mostRows = 40
  private static let mostColumns = 10

  /// One result: a number for each row, or C of them.
  private struct Quantity {
    let name: String
    let rows: [[Double]]
  }

  init(_ response: EvaluationResponse) {
    self.response = response
    guard let numbers = response.numbers else { return }
    var all = [("value", numbers.value)]
    for gradient in numbers.gradients {
      let name = "d/d\(gradient.variable.rawValue)"
      if let json = gradient.json {
        all.append((name, json))
      } else {
        notes.append("no gradient of \(gradient.variable.rawValue): the value does not depend on it")
      }
    }
    for (name, json) in all {
      guard let value = try? JSONValue(parsing: json) else { continue }
      let isSingle = name == "value" && (response.shape == .scalar || response.shape == .batchScalar)
      if isSingle {
        single = "value \(Self.flat(value).map(Self.text).joined(separator: ", ")), one for the whole batch"
      } else {
        quantities.append(Quantity(name: name, rows: (value.elements ?? []).map(Self.flat)))
      }
    }
  }

  /// The tables, side by side where they fit.
  var section: ExplanationSection {
    let columns = quantities.reduce(0) { $0 + ($1.rows.first?.count ?? 0) }
    let groups = columns <= Self.mostColumns ? [quantities] : quantities.map { [$0] }
    let tables = groups.filter { $0.contains { !$0.rows.isEmpty } }.map { table(of: $0) }
    let head = single.map { [$0] } ?? (tables.isEmpty ? ["no rows"] : [])
    let blocks = ([head] + tables + [notes]).filter { !$0.isEmpty }
    return ExplanationSection("\nOn the inputs given", Array(blocks.joined(separator: [""])))
  }

  private func table(of group: [Quantity]) -> [String] {
    let count = group.map(\.rows.count).max() ?? 0
    var columns = [TextTable.Column("row", .right)]
    for quantity in group {
      let width = quantity.rows.first?.count ?? 0
      columns += (0..<min(width, Self.mostColumns)).map { index in
        .init(width == 1 && response.mode == .regression ? quantity.name : title(quantity, index), .right)
      }
    }
    var table = TextTable(columns)
    for row in 0..<min(count, Self.mostRows) {
      let cells = group.flatMap { quantity in
        row < quantity.rows.count ? quantity.rows[row].prefix(Self.mostColumns).map(Self.text) : []
      }
      table.add(cells: ["\(row)"] + cells)
    }
    var lines = table.lines
    if count > Self.mostRows { lines.append("… and \(count - Self.mostRows) more rows (--json has all)") }
    if let wide = group.first(where: { ($0.rows.first?.count ?? 0) > Self.mostColumns }) {
      lines.append("… and \((wide.rows.first?.count ?? 0) - Self.mostColumns) more classes (--json has all)")
    }
    return lines
  }

  /// The class stands in brackets, where there are classes.
  private func title(_ quantity: Quantity, _ index: Int) -> String {
    let isPerClass = quantity.name != "value" || response.shape == .perElement
    return isPerClass ? "\(quantity.name)[\(index)]" : quantity.name
  }

  private static func flat(_ value: JSONValue) -> [Double] {
    value.elements.map { $0.flatMap(flat) } ?? value.number.map { [$0] } ?? []
  }

  /// Six significant digits, which is about what Float holds.
  static func text(_ value: Double) -> String {
    value.isFinite ? String(format: "%.6g", value) : value.isNaN ? "nan" : value > 0 ? "inf" : "-inf"
  }
}
