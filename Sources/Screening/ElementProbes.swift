import Formulas

/// The probes of BINARY_CLS: one element of a row runs from −limit to +limit while the rest of the row stands still.
enum ElementProbes {
  /// Batches in the order in which they are tried: one positive and one negative, first at four logits, by
  /// their values and then with the gradient, then every column of every count.
  static func batches(_ settings: VerificationSettings) -> [ProbeBatch] {
    var batches: [ProbeBatch] = []
    for (order, classes) in settings.binaryClassCounts.enumerated() {
      let families = families(classes: classes, settings)
      if order == 0 {
        let quick = [false, true].compactMap { positive in
          families.first { $0.positive == positive && ($0.quality == (positive ? 1 : 0)) }
        }
        for scope in [ProbeBatch.Scope.handfulOfValues, .handful] {
          batches.append(batch(quick, classes: classes, steps: 4, settings, scope: scope))
        }
        batches.append(batch(quick, classes: classes, steps: settings.logitCount, settings))
      }
      batches.append(batch(families, classes: classes, steps: settings.logitCount, settings))
    }
    return batches
  }

  private struct Family {
    let column: Int
    let quality: Double
    let positive: Bool
    /// Column of another element that is positive; nil in rows of background.
    let otherPositive: Int?
  }

  private static func families(classes: Int, _ settings: VerificationSettings) -> [Family] {
    (0..<classes).flatMap { column in
      [
        Family(column: column, quality: 1, positive: true, otherPositive: nil),
        Family(column: column, quality: 0, positive: false, otherPositive: nil),
        Family(column: column, quality: 0, positive: false, otherPositive: (column + 1) % classes),
      ]
        + settings.qualities.map { Family(column: column, quality: $0, positive: true, otherPositive: nil) }
    }
  }

  private static func batch(
    _ families: [Family], classes: Int, steps: Int, _ settings: VerificationSettings, scope: ProbeBatch.Scope = .full
  ) -> ProbeBatch {
    var logits: [Double] = []
    var qualities: [Double] = []
    var positives: [Double] = []
    var sequences: [ProbeSequence] = []
    var probes: [Probe] = []
    for family in families {
      let first = probes.count
      for step in 0..<steps {
        let logit = settings.logitLimit * (2 * Double(step) / Double(steps - 1) - 1)
        for column in 0..<classes {
          let isProbed = column == family.column
          let isPositive = isProbed ? family.positive : column == family.otherPositive
          let quality = isProbed ? family.quality : (isPositive ? otherQuality : 0)
          logits.append(isProbed ? logit : otherLogits[column % otherLogits.count])
          qualities.append(quality)
          positives.append(isPositive ? 1 : 0)
        }
        probes.append(.element(classes: classes, logit: logit, quality: family.quality, positive: family.positive))
      }
      sequences.append(ProbeSequence(rows: first..<probes.count, demand: demand(of: family, settings)))
    }
    return ProbeBatch(
      classes: classes,
      inputs: [(.x, logits), (.q, qualities), (.py, positives), (.ny, positives.map { 1 - $0 })], sequences: sequences,
      probes: probes, scope: scope)
  }

  private static func demand(of family: Family, _ settings: VerificationSettings) -> ProbeSequence.Demand {
    guard family.positive, family.quality < 1 else {
      return .element(column: family.column, positive: family.positive)
    }
    return .minimum(column: family.column, isFirst: family.quality == settings.qualities.first)
  }

  /// What stands in the other columns of a row: logits of an undecided detector, and the IoU of another positive. Ours.
  private static let otherLogits = [-1.5, 0.5, -3, -0.25, 1]
  private static let otherQuality = 0.7
}
