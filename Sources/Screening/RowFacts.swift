import Formulas
import Losses

/// What the judge looks at: for each row of a batch the value, and the gradient as far as a property asks for it.
///
/// Columns of N numbers each, rows padded to whole tiles.
final class RowFacts {
  enum Column: Int, CaseIterable {
    /// The value of the row; for BINARY_CLS that of the probed element.
    case value
    /// The sum of sizes of the values of the row; not finite where one of them is not.
    case valueSize
    /// Logits: the gradient at the probed column. Boxes: with respect to U.
    case own
    /// Logits: −own + the gradient of all columns. Boxes: with respect to I.
    case others
    /// Logits: the sum of sizes of the gradient. Boxes: the gradient with respect to E.
    case size
  }

  private let capacity: Int
  private let start: UnsafeMutablePointer<Double>

  /// Room for so many rows.
  init(rows: Int) {
    capacity = (rows + 7) / 8 * 8
    start = AlignedDoubles.allocate(capacity * Column.allCases.count)
  }

  deinit { start.deallocate() }

  /// The numbers of a column, one a row; the judge stays below the batch's number of rows.
  func column(_ column: Column) -> UnsafeMutablePointer<Double> { start + column.rawValue * capacity }

  /// What the plain evaluator says of a batch, the gradient as far as the batch asks for it; nil when the formula does not
  /// fit.
  static func plain(_ formula: Formula, mode: Mode, batch: ProbeBatch) -> RowFacts? {
    guard let evaluator = try? ReferenceEvaluator(formula, mode: mode) else { return nil }
    let facts = RowFacts(rows: batch.rows)
    if batch.asksForValuesOnly {
      guard let value = try? evaluator.value(batch.inputs) else { return nil }
      facts.setValues(value, mode: mode, batch: batch)
    } else {
      guard let result = try? evaluator.evaluate(batch.inputs) else { return nil }
      facts.setValues(result.value, mode: mode, batch: batch)
      facts.setGradients(result.gradients, mode: mode, batch: batch)
    }
    return facts
  }

  private func setValues(_ value: [Double], mode: Mode, batch: ProbeBatch) {
    for row in 0..<batch.rows {
      switch mode {
      case .multiClass, .regression:
        set(row, .value, value[row])
        set(row, .valueSize, value[row].magnitude)
      case .binaryClass:
        let entries = (row * batch.classes)..<((row + 1) * batch.classes)
        set(row, .value, value[entries.lowerBound + batch.columns[row]])
        set(row, .valueSize, entries.reduce(0) { $0 + value[$1].magnitude })
      }
    }
  }

  private func setGradients(_ gradients: [Variable: [Double]], mode: Mode, batch: ProbeBatch) {
    let areas = (u: gradients[.u], i: gradients[.i], e: gradients[.e])
    let logits = gradients[.x]
    for row in 0..<batch.rows {
      switch mode {
      case .regression:
        set(row, .own, areas.u?[row] ?? 0)
        set(row, .others, areas.i?[row] ?? 0)
        set(row, .size, areas.e?[row] ?? 0)
      case .multiClass, .binaryClass:
        guard let logits else { continue }
        let entries = (row * batch.classes)..<((row + 1) * batch.classes)
        let own = logits[entries.lowerBound + batch.columns[row]]
        set(row, .own, own)
        set(row, .others, entries.reduce(-own) { $0 + logits[$1] })
        set(row, .size, entries.reduce(0) { $0 + logits[$1].magnitude })
      }
    }
  }

  private func set(_ row: Int, _ column: Column, _ value: Double) { self.column(column)[row] = value }
}
