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

  /// From value and gradient as the plain evaluator gives them.
  convenience init(_ result: LossResult<Double>, mode: Mode, batch: ProbeBatch) {
    self.init(rows: batch.rows)
    let logits = result.gradients[.x]
    let areas = (u: result.gradients[.u], i: result.gradients[.i], e: result.gradients[.e])
    for row in 0..<batch.rows {
      switch mode {
      case .regression:
        set(row, .value, result.value[row])
        set(row, .own, areas.u?[row] ?? 0)
        set(row, .others, areas.i?[row] ?? 0)
        set(row, .size, areas.e?[row] ?? 0)
      case .multiClass, .binaryClass:
        let entries = (row * batch.classes)..<((row + 1) * batch.classes)
        let column = batch.columns[row]
        if mode == .multiClass {
          set(row, .value, result.value[row])
        } else {
          set(row, .value, result.value[entries.lowerBound + column])
          set(row, .valueSize, entries.reduce(0) { $0 + result.value[$1].magnitude })
        }
        guard let gradient = logits else { continue }
        let own = gradient[entries.lowerBound + column]
        set(row, .own, own)
        set(row, .others, entries.reduce(-own) { $0 + gradient[$1] })
        set(row, .size, entries.reduce(0) { $0 + gradient[$1].magnitude })
      }
      if mode != .binaryClass { set(row, .valueSize, result.value[row].magnitude) }
    }
  }

  private func set(_ row: Int, _ column: Column, _ value: Double) { self.column(column)[row] = value }
}
