import Formulas

/// Holds the value and gradient of a formula on one batch of probes against the properties.
struct ProbeJudge {
  let settings: VerificationSettings
  let mode: Mode
  let batch: ProbeBatch
  /// N values, or N×C for BINARY_CLS.
  let value: [Double]
  /// The gradient of the sum of the value: N×C for logits, N for each of U, I, E; absent where there is no dependence.
  let gradients: [Variable: [Double]]

  /// Whether no prediction has any influence on any probe.
  var isFlat: Bool { gradients.values.allSatisfy { $0.allSatisfy { $0 == 0 } } }

  /// The first property that fails; nil when all hold.
  func rejection() -> Rejection? {
    if let rejection = nonFinite() { return rejection }
    var placeOfMinimum = 0
    for sequence in batch.sequences {
      let found: Rejection? =
        switch sequence.demand {
        case .logits(let label, let moved): logitRejection(sequence.rows, label: label, moved: moved)
        case .element(let column, let positive): elementRejection(sequence.rows, column: column, positive: positive)
        case .minimum(let column, let isFirst):
          minimumRejection(sequence.rows, column: column, isFirst: isFirst, place: &placeOfMinimum)
        case .boxes(let isStrict, let directions, let targetRow):
          boxRejection(sequence.rows, isStrict: isStrict, directions: directions, targetRow: targetRow)
        }
      if let found { return found }
    }
    return nil
  }

  private func nonFinite() -> Rejection? {
    if let entry = value.firstIndex(where: { !$0.isFinite }) {
      return .nonFinite(.value, .double, batch.probes[entry * batch.rows / value.count])
    }
    for variable in mode.differentiableVariables {
      if let gradient = gradients[variable], let row = batch.rowOfNonFinite(gradient: gradient) {
        return .nonFinite(.gradient, .double, batch.probes[row])
      }
    }
    guard mode == .regression, let row = value.firstIndex(where: { $0.magnitude >= settings.valueLimit }) else {
      return nil
    }
    return .tooLarge(value: value[row], limit: settings.valueLimit, batch.probes[row])
  }

  /// MULTI_CLS: the gap grows along the rows, whichever logits move; so the loss must fall.
  private func logitRejection(_ rows: Range<Int>, label: Int, moved: MovedLogits) -> Rejection? {
    guard let gradient = gradients[.x] else { return .independentOfPrediction }
    let classes = batch.classes
    for row in rows {
      if row > rows.lowerBound, !(value[row] < value[row - 1]) {
        let property = moved == .trueLogit ? Property.fallsInTrueLogit : .risesInOtherLogits
        return .notMonotone(property, batch.probes[row], slope: value[row] - value[row - 1])
      }
      let own = gradient[row * classes + label]
      guard own < 0 else { return .notMonotone(.gradientAtTrueLogit, batch.probes[row], slope: own) }
      var others = -own
      for column in 0..<classes { others += gradient[row * classes + column] }
      guard others > 0 else { return .notMonotone(.risesInOtherLogits, batch.probes[row], slope: others) }
    }
    return nil
  }

  /// BINARY_CLS: the logit grows along the rows; the element's loss must fall at a positive and rise at a negative, and so
  /// must the sum over the batch by its gradient.
  private func elementRejection(_ rows: Range<Int>, column: Int, positive: Bool) -> Rejection? {
    guard let gradient = gradients[.x] else { return .independentOfPrediction }
    let classes = batch.classes
    let sign = positive ? -1.0 : 1.0
    let property = positive ? Property.fallsAtPositive : .risesAtNegative
    for row in rows {
      let entry = row * classes + column
      if row > rows.lowerBound {
        let rise = value[entry] - value[entry - classes]
        guard sign * rise > 0 else { return .notMonotone(property, batch.probes[row], slope: rise) }
      }
      guard sign * gradient[entry] > 0 else {
        return .notMonotone(property, batch.probes[row], slope: gradient[entry])
      }
    }
    return nil
  }

  /// BINARY_CLS: the place of the least loss, compared with that of the smaller Q before it.
  private func minimumRejection(_ rows: Range<Int>, column: Int, isFirst: Bool, place: inout Int) -> Rejection? {
    var least = rows.lowerBound
    for row in rows where value[row * batch.classes + column] < value[least * batch.classes + column] { least = row }
    let found = least - rows.lowerBound
    let before = place
    place = found
    guard !isFirst, found < before else { return nil }
    return .minimumOffTarget(.minimumFollowsQuality, batch.probes[least], excess: Double(before - found))
  }

  /// REG: the box comes nearer to its target along the rows.
  private func boxRejection(_ rows: Range<Int>, isStrict: Bool, directions: [BoxDirection], targetRow: Int)
    -> Rejection?
  {
    for row in rows {
      let tolerance = settings.riseTolerance * max(value[row].magnitude, value[targetRow].magnitude, 1e-300)
      if row > rows.lowerBound {
        let rise = value[row] - value[row - 1]
        if isStrict ? !(rise < 0) : rise > tolerance {
          return .notMonotone(isStrict ? .fallsTowardsTarget : .neverRisesTowardsTarget, batch.probes[row], slope: rise)
        }
      }
      if value[targetRow] > value[row] + tolerance {
        return .minimumOffTarget(.leastAtTarget, batch.probes[row], excess: value[targetRow] - value[row])
      }
      guard isStrict, row > rows.lowerBound, row < rows.upperBound - 1 else { continue }
      let slope = slope(at: row, along: directions[row - rows.lowerBound])
      guard slope < 0 else { return .notMonotone(.slopeTowardsTarget, batch.probes[row], slope: slope) }
    }
    return nil
  }

  private func slope(at row: Int, along direction: BoxDirection) -> Double {
    (gradients[.u]?[row] ?? 0) * direction.union + (gradients[.i]?[row] ?? 0) * direction.intersection
      + (gradients[.e]?[row] ?? 0) * direction.enclosing
  }
}
