import Foundation
import Formulas

/// The probes of MULTI_CLS: rows of logits whose gap runs from −limit to +limit.
enum LogitProbes {
  /// Batches in the order in which they are tried: two sequences, first at four gaps, by their values and then with the gradient, then all
  /// sequences for each number of classes. Every label of every count occurs, and every spread and Z with each count up to 6.
  static func batches(_ settings: VerificationSettings) -> [ProbeBatch] {
    var batches: [ProbeBatch] = []
    for (order, classes) in settings.classCounts.enumerated() {
      let families = families(classes: classes, settings)
      if order == 0 {
        let quick = [MovedLogits.otherLogits, .trueLogit].compactMap { moved in families.first { $0.moved == moved } }
        for scope in [ProbeBatch.Scope.handfulOfValues, .handful] {
          batches.append(batch(quick, classes: classes, steps: 4, settings, scope: scope))
        }
        batches.append(batch(quick, classes: classes, steps: settings.logitGapCount, settings))
      }
      let steps = classes <= fullCount ? settings.logitGapCount : settings.wideLogitGapCount
      batches.append(batch(families, classes: classes, steps: steps, settings))
    }
    return batches
  }

  /// Up to this number of classes every label is tried with every spread and both ways to move the gap.
  private static let fullCount = 6

  private struct Family {
    let label: Int
    let spread: Double
    let overlap: Double
    let moved: MovedLogits
  }

  /// Small counts get every combination of label, spread and moved logits; large ones one combination a label, in turn.
  private static func families(classes: Int, _ settings: VerificationSettings) -> [Family] {
    var families: [Family] = []
    for label in 0..<classes {
      let spreads =
        classes <= fullCount ? settings.logitSpreads : [settings.logitSpreads[label % settings.logitSpreads.count]]
      for spread in spreads {
        let both = MovedLogits.allCases
        for moved in classes <= fullCount ? both : [both[label % both.count]] {
          let isBackground = label == classes - 1
          let overlap = settings.overlaps[(families.count + label) % settings.overlaps.count]
          families.append(Family(label: label, spread: spread, overlap: isBackground ? 1 : overlap, moved: moved))
        }
      }
    }
    return families
  }

  private static func batch(
    _ families: [Family], classes: Int, steps: Int, _ settings: VerificationSettings, scope: ProbeBatch.Scope = .full
  ) -> ProbeBatch {
    var logits: [Double] = []
    var labels: [Double] = []
    var overlaps: [Double] = []
    var sequences: [ProbeSequence] = []
    var probes: [Probe] = []
    for family in families {
      let first = probes.count
      let others = normalizedOthers(count: classes - 1, spread: family.spread)
      for step in 0..<steps {
        let gap = settings.logitGapLimit * (2 * Double(step) / Double(steps - 1) - 1)
        var remaining = others.makeIterator()
        for column in 0..<classes {
          let isTrue = column == family.label
          let base = isTrue ? 0 : remaining.next() ?? 0
          switch family.moved {
          case .trueLogit: logits.append(isTrue ? gap : base)
          case .otherLogits: logits.append(isTrue ? 0 : base - gap)
          }
          labels.append(isTrue ? 1 : 0)
          overlaps.append(family.overlap)
        }
        probes.append(
          .logits(
            classes: classes, label: family.label, gap: gap, spread: family.spread, overlap: family.overlap,
            moved: family.moved))
      }
      sequences.append(
        ProbeSequence(rows: first..<probes.count, demand: .logits(label: family.label, moved: family.moved)))
    }
    return ProbeBatch(
      classes: classes, inputs: [(.x, logits), (.y, labels), (.z, overlaps)], sequences: sequences, probes: probes,
      scope: scope)
  }

  /// Logits evenly spaced over the spread, in an order that is not sorted, with logsumexp 0.
  private static func normalizedOthers(count: Int, spread: Double) -> [Double] {
    let raw = (0..<count).map { index in
      count == 1 ? 0 : spread * Double((index * 7 + 3) % count) / Double(count - 1)
    }
    let largest = raw.max() ?? 0
    let total = largest + log(raw.reduce(0) { $0 + exp($1 - largest) })
    return raw.map { $0 - total }
  }
}
