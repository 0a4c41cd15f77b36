import Formulas
import Losses

/// Inputs that are evaluated together, cut into sequences of rows along which a property must hold.
///
/// Legend. N: rows of the batch. C: classes (1 for boxes). All arrays are row-major N×C, or N for boxes.
final class ProbeBatch: Sendable {
  let inputs: LossInputs<Double>
  let floatInputs: LossInputs<Float>
  let floatProbes: FloatProbes
  let sequences: [ProbeSequence]
  /// The probe of each row, for messages.
  let probes: [Probe]
  /// Rows where only the value has to be finite: boxes that do not overlap and boxes at the target. The square root of IoU, a
  /// classical loss, has no slope there.
  let valueOnly: Set<Int>
  private let isValueOnlyRow: [Bool]
  /// Whether it is a handful of probes, which ends most random formulas and cannot tell a loss that is flat on them from one
  /// that is flat everywhere; and whether the gradient is looked at.
  let scope: Scope

  enum Scope: Sendable {
    case handfulOfValues, handful, full
  }

  /// The column that each row probes; 0 for boxes.
  let columns: [Int]
  let tiles: ProbeTiles

  init(
    classes: Int, inputs: [(variable: Variable, values: [Double])], sequences: [ProbeSequence], probes: [Probe],
    valueOnly: Set<Int> = [], scope: Scope = .full
  ) {
    var filled = LossInputs<Double>(rows: probes.count, classes: classes)
    for input in inputs { filled[input.variable] = input.values }
    self.inputs = filled
    floatInputs = filled.converted(to: Float.self)
    floatProbes = FloatProbes(inputs)
    self.sequences = sequences
    self.probes = probes
    self.valueOnly = valueOnly
    isValueOnlyRow = probes.indices.map(valueOnly.contains)
    self.scope = scope
    var columns = [Int](repeating: 0, count: probes.count)
    for sequence in sequences {
      for row in sequence.rows { columns[row] = sequence.demand.column }
    }
    self.columns = columns
    tiles = ProbeTiles(rows: probes.count, classes: classes, inputs: inputs, columns: columns)
  }

  var asksForValuesOnly: Bool { scope == .handfulOfValues }

  func isValueOnly(_ row: Int) -> Bool { isValueOnlyRow[row] }

  var rows: Int { inputs.rows }
  var classes: Int { inputs.classes }

  /// The row of the first entry of a gradient that is not finite where it has to be; nil when there is none.
  func rowOfNonFinite(gradient: UnsafeBufferPointer<Float>) -> Int? {
    guard let first = gradient.firstNonFinite else { return nil }
    let width = max(gradient.count / max(rows, 1), 1)
    return gradient.indices[first...].first { !gradient[$0].isFinite && !isValueOnly($0 / width) }.map { $0 / width }
  }
}

/// Consecutive rows that differ in one quantity, in the direction towards the target or away from it.
struct ProbeSequence: Sendable {
  let rows: Range<Int>
  let demand: Demand

  /// What is asked of the value and the gradient along the rows.
  enum Demand: Sendable {
    /// MULTI_CLS: the gap grows, so the loss falls strictly.
    case logits(label: Int, moved: MovedLogits)
    /// BINARY_CLS: the logit of the element in this column grows, at a positive or a negative.
    case element(column: Int, positive: Bool)
    /// BINARY_CLS: as above for 0 < Q < 1; the minimum's place is compared with that of the previous sequence of the same
    /// column, whose Q is smaller.
    case minimum(column: Int, isFirst: Bool)
    /// REG: the box moves to its target. `directions` holds dU, dI, dE along the way for each row.
    case boxes(isStrict: Bool, directions: [BoxDirection], targetRow: Int)
  }
}

/// Derivatives of union, intersection and enclosing area along (target − prediction), in square pixels for the whole way.
struct BoxDirection: Sendable {
  let union: Double
  let intersection: Double
  let enclosing: Double
}
