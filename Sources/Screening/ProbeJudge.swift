import Formulas

/// Holds the value and gradient of a formula on one batch of probes against the properties.
struct ProbeJudge {
  let mode: Mode
  let batch: ProbeBatch
  /// Whether the batch is the first whose gradient is looked at.
  let isFirst: Bool
  private let rows: Int
  private let valueLimit: Double
  private let riseTolerance: Double
  private let value: UnsafePointer<Double>
  private let valueSize: UnsafePointer<Double>
  private let own: UnsafePointer<Double>
  private let others: UnsafePointer<Double>
  private let size: UnsafePointer<Double>
  /// Rows of comparisons so narrow that other rounding could turn them.
  private(set) var doubtfulRows: [Int] = []
  private let plainRows: PlainRows

  /// Differences below this share of what they are differences of are narrow. Ours: rounding is below 1e-12 of a value
  /// that did not cancel.
  private static let narrow = 1e-9
  /// Gradients below this everywhere may be rounding alone. Ours: that of numbers near 1 is 1e-16.
  private static let nearlyFlat = 1e-12

  /// - Parameters:
  ///   - facts: must live as long as the judge.
  ///   - plainRows: the rows whose facts are those of the plain evaluator, and so beyond doubt.
  init(
    _ settings: VerificationSettings, mode: Mode, batch: ProbeBatch, isFirst: Bool, facts: RowFacts,
    plainRows: PlainRows = .all
  ) {
    self.plainRows = plainRows
    valueLimit = settings.valueLimit
    riseTolerance = settings.riseTolerance
    self.mode = mode
    self.batch = batch
    rows = batch.rows
    self.isFirst = isFirst
    value = UnsafePointer(facts.column(.value))
    valueSize = UnsafePointer(facts.column(.valueSize))
    own = UnsafePointer(facts.column(.own))
    others = UnsafePointer(facts.column(.others))
    size = UnsafePointer(facts.column(.size))
  }

  /// The first property that fails; nil when all hold.
  mutating func rejection() -> Rejection? {
    if isFirst || batch.scope == .handful {
      let steepest = steepest
      if steepest == 0 { return isFirst ? .independentOfPrediction : nil }
      if steepest < Self.nearlyFlat { for row in 0..<rows { doubt(row, row) } }
    }
    if let rejection = nonFinite() { return rejection }
    var placeOfMinimum = 0
    for sequence in batch.sequences {
      let found: Rejection? =
        switch sequence.demand {
        case .logits(_, let moved): logitRejection(sequence.rows, moved: moved)
        case .element(_, let positive): elementRejection(sequence.rows, positive: positive)
        case .minimum(_, let isFirst): minimumRejection(sequence.rows, isFirst: isFirst, place: &placeOfMinimum)
        case .boxes(let isStrict, let directions, let targetRow):
          boxRejection(sequence.rows, isStrict: isStrict, directions: directions, targetRow: targetRow)
        }
      if let found { return found }
    }
    return nil
  }

  /// The largest gradient on any probe: 0 where no prediction has any influence; infinite where one is not finite.
  private var steepest: Double {
    func largest(_ column: UnsafePointer<Double>) -> Double {
      var largest = 0.0
      for row in 0..<rows {
        guard column[row].isFinite else { return .infinity }
        largest = max(largest, column[row].magnitude)
      }
      return largest
    }
    return mode == .regression ? max(largest(size), largest(own), largest(others)) : largest(size)
  }

  private mutating func nonFinite() -> Rejection? {
    for row in 0..<rows where !valueSize[row].isFinite {
      return .nonFinite(.value, .double, batch.probes[row])
    }
    if !batch.asksForValuesOnly {
      if mode == .regression, let row = rowOfNonFinite(own) ?? rowOfNonFinite(others) {
        return .nonFinite(.gradient, .double, batch.probes[row])
      }
      if let row = rowOfNonFinite(size) { return .nonFinite(.gradient, .double, batch.probes[row]) }
    }
    guard mode == .regression else { return nil }
    for row in 0..<rows where valueSize[row] >= (1 - Self.narrow) * valueLimit {
      if valueSize[row] <= (1 + Self.narrow) * valueLimit { doubt(row, row) }
      guard valueSize[row] >= valueLimit else { continue }
      return .tooLarge(value: value[row], limit: valueLimit, batch.probes[row])
    }
    return nil
  }

  private func rowOfNonFinite(_ column: UnsafePointer<Double>) -> Int? {
    for row in 0..<rows where !column[row].isFinite && !batch.isValueOnly(row) { return row }
    return nil
  }

  /// Whether the value does not move by the sign along the step to a row. Exactly equal values are those of equal inputs or
  /// of a function at its limit, in any rounding.
  private mutating func isWrong(_ rise: Double, at row: Int, sign: Double) -> Bool {
    if sign * rise > 0 {
      let isNarrow = rise.magnitude <= Self.narrow * max(value[row].magnitude, value[row - 1].magnitude)
      if isNarrow { doubt(row, row - 1) }
      return false
    }
    // A loss that is flat on a handful of probes, the gradient of a later batch judges.
    guard rise != 0 else {
      if plainRows.contains(row) != plainRows.contains(row - 1) { doubt(row, row - 1) }
      return !batch.asksForValuesOnly
    }
    let isNarrow = rise.magnitude <= Self.narrow * max(value[row].magnitude, value[row - 1].magnitude)
    if isNarrow, batch.asksForValuesOnly { return false }
    if isNarrow { doubt(row, row - 1) }
    return true
  }

  /// Notes a narrow comparison of two rows.
  private mutating func doubt(_ row: Int, _ other: Int) {
    for row in [row, other] where !plainRows.contains(row) { doubtfulRows.append(row) }
  }

  /// Whether a slope lacks a sign.
  private mutating func isWrong(slope: Double, of size: Double, at row: Int, sign: Double) -> Bool {
    if slope != 0, slope.magnitude <= Self.narrow * size { doubt(row, row) }
    return !(sign * slope > 0)
  }

  /// MULTI_CLS: the gap grows along the rows, whichever logits move; so the loss must fall.
  private mutating func logitRejection(_ rows: Range<Int>, moved: MovedLogits) -> Rejection? {
    for row in rows {
      if row > rows.lowerBound, isWrong(value[row] - value[row - 1], at: row, sign: -1) {
        let property = moved == .trueLogit ? Property.fallsInTrueLogit : .risesInOtherLogits
        return .notMonotone(property, batch.probes[row], slope: value[row] - value[row - 1])
      }
      if batch.asksForValuesOnly { continue }
      if isWrong(slope: own[row], of: size[row], at: row, sign: -1) {
        return .notMonotone(.gradientAtTrueLogit, batch.probes[row], slope: own[row])
      }
      if isWrong(slope: others[row], of: size[row], at: row, sign: 1) {
        return .notMonotone(.risesInOtherLogits, batch.probes[row], slope: others[row])
      }
    }
    return nil
  }

  /// BINARY_CLS: the logit grows along the rows; the element's loss must fall at a positive and rise at a negative, and so
  /// must the sum over the batch by its gradient.
  private mutating func elementRejection(_ rows: Range<Int>, positive: Bool) -> Rejection? {
    let sign = positive ? -1.0 : 1.0
    let property = positive ? Property.fallsAtPositive : .risesAtNegative
    for row in rows {
      if row > rows.lowerBound, isWrong(value[row] - value[row - 1], at: row, sign: sign) {
        return .notMonotone(property, batch.probes[row], slope: value[row] - value[row - 1])
      }
      if !batch.asksForValuesOnly, isWrong(slope: own[row], of: size[row], at: row, sign: sign) {
        return .notMonotone(property, batch.probes[row], slope: own[row])
      }
    }
    return nil
  }

  /// BINARY_CLS: the place of the least loss, compared with that of the smaller Q before it.
  private mutating func minimumRejection(_ rows: Range<Int>, isFirst: Bool, place: inout Int) -> Rejection? {
    var least = rows.lowerBound
    for row in rows.dropFirst() {
      let difference = value[row] - value[least]
      if difference.magnitude <= Self.narrow * value[least].magnitude { doubt(row, least) }
      if difference < 0 { least = row }
    }
    let found = least - rows.lowerBound
    let before = place
    place = found
    guard !isFirst, found < before else { return nil }
    return .minimumOffTarget(.minimumFollowsQuality, batch.probes[least], excess: Double(before - found))
  }

  /// REG: the box comes nearer to its target along the rows.
  private mutating func boxRejection(_ rows: Range<Int>, isStrict: Bool, directions: [BoxDirection], targetRow: Int)
    -> Rejection?
  {
    for row in rows {
      let tolerance = riseTolerance * max(value[row].magnitude, value[targetRow].magnitude, 1e-300)
      if row > rows.lowerBound {
        let rise = value[row] - value[row - 1]
        if isStrict ? isWrong(rise, at: row, sign: -1) : exceeds(rise, tolerance, row, row - 1) {
          return .notMonotone(isStrict ? .fallsTowardsTarget : .neverRisesTowardsTarget, batch.probes[row], slope: rise)
        }
      }
      let excess = value[targetRow] - value[row]
      if exceeds(excess, tolerance, row, targetRow) {
        return .minimumOffTarget(.leastAtTarget, batch.probes[row], excess: excess)
      }
      guard isStrict, !batch.asksForValuesOnly, row > rows.lowerBound, row < rows.upperBound - 1 else { continue }
      let direction = directions[row - rows.lowerBound]
      let parts = (own[row] * direction.union, others[row] * direction.intersection, size[row] * direction.enclosing)
      let slope = parts.0 + parts.1 + parts.2
      if isWrong(slope: slope, of: parts.0.magnitude + parts.1.magnitude + parts.2.magnitude, at: row, sign: -1) {
        return .notMonotone(.slopeTowardsTarget, batch.probes[row], slope: slope)
      }
    }
    return nil
  }

  /// Whether the difference of two rows exceeds a tolerance.
  private mutating func exceeds(_ difference: Double, _ tolerance: Double, _ row: Int, _ other: Int) -> Bool {
    let rounding = Self.narrow * max(value[row].magnitude, value[other].magnitude)
    if (difference - tolerance).magnitude <= max(0.5 * tolerance, tolerance == 0 ? rounding : 0) { doubt(row, other) }
    return difference > tolerance
  }
}
