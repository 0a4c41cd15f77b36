import Formulas
import Losses
import Reporting

extension Explanation {
  /// The analyses as sections of plain text, each with its title and lines indented by two blanks.
  public var sections: [ExplanationSection] {
    guard isComplete else {
      return [
        ExplanationSection(
          "Analyses", ["left out: \(formula.nodeCount) nodes, at most \(Self.nodeLimit) are analysed"])
      ]
    }
    return [
      propertySection, gradientSection, nearestSection, deadPartSection, hazardSection, scaleSection,
    ].compactMap(\.self)
  }

  // MARK: Properties

  private var propertySection: ExplanationSection? {
    guard let checks = properties?.checks else { return nil }
    var table = TextTable([
      .init(""), .init("property"), .init("margin", .right), .init("failing", .right), .init("worst probe"),
    ])
    for check in checks {
      let margin = check.margin.map(\.brief) ?? ""
      let failing = check.probes > 0 ? "\(check.failures) of \(check.probes)" : ""
      table.add(
        check.passed ? "✓" : "✗", check.sentence, margin, failing,
        check.finding ?? check.worst?.description ?? "")
    }
    let failed = checks.count { !$0.passed }
    let title = failed == 0 ? "Properties: all \(checks.count) hold" : "Properties: \(failed) of \(checks.count) fail"
    return ExplanationSection(title, table.lines)
  }

  // MARK: Gradient

  private var gradientSection: ExplanationSection? {
    guard let gradient else { return nil }
    let what = mode == .regression ? "corner gradients × target side" : "logit gradients"
    var lines: [String] = []
    if let mean = gradient.mean, let deviation = gradient.standardDeviation, let largest = gradient.largest,
      let zeroShare = gradient.zeroShare
    {
      lines.append(
        "|gradient| \(mean.brief) ± \(deviation.brief), largest \(largest.brief); "
          + "\((100 * zeroShare).brief) % are 0 (\(gradient.entries) \(what))")
      if !gradient.referenceRatio.isNaN {
        lines.append("\(gradient.referenceRatio.brief) times as long as that of \(gradient.reference)")
      }
      if gradient.nonFinite > 0 { lines.append("\(gradient.nonFinite) of \(gradient.entries) are not finite") }
    } else {
      lines.append("no finite gradient (\(gradient.entries) \(what))")
    }
    if let share = gradient.negativeAtTruth {
      lines.append("negative at the true class in \((100 * share).brief) % of the rows that have one")
    }
    lines.append("")
    var table = TextTable([
      .init(mode == .regression ? "IoU" : "probability", .right), .init("gradient", .right),
      .init(gradient.reference, .right), .init("ratio", .right), .init("at"),
    ])
    for row in gradient.profile {
      table.add(row.at.brief, row.gradient.brief, row.reference.brief, row.ratio.brief, row.subject)
    }
    return ExplanationSection("Gradient", lines + table.lines)
  }

  private var nearestSection: ExplanationSection? {
    nearest.isEmpty ? nil : ExplanationSection("Nearest known loss", nearest.prefix(3).map(\.message))
  }

  // MARK: Parts

  private var deadPartSection: ExplanationSection {
    let count = DeadPartSearch.entryCount(of: mode)
    let unit = mode == .regression ? "boxes" : "logits"
    guard !deadParts.isEmpty else {
      return ExplanationSection("Dead parts", ["none found on \(count) \(unit)"])
    }
    var table = TextTable([.init("part"), .init("finding")])
    for part in deadParts.prefix(Self.longestList) { table.add(part.part, part.message) }
    return ExplanationSection(
      "Dead parts, as far as \(count) \(unit) show", table.lines + Self.more(deadParts.count))
  }

  private var hazardSection: ExplanationSection {
    guard !hazards.isEmpty else { return ExplanationSection("Hazards", ["none found"]) }
    let lines = hazards.prefix(Self.longestList).flatMap { hazard in
      ["\(hazard.code.rawValue)  \(hazard.part)", "  \(hazard.detail)", "  first at: \(hazard.input)"]
    }
    return ExplanationSection("Hazards", lines + Self.more(hazards.count))
  }

  private var scaleSection: ExplanationSection? {
    guard let scale else { return nil }
    var table = TextTable([
      .init("boxes ×", .right), .init("mean loss", .right), .init("gradient × side", .right),
      .init("direction (cosine)", .right), .init("such as"),
    ])
    table.add("1", scale.meanLoss.brief, "1", "1", "pixels")
    for row in scale.rows {
      table.add(
        row.factor.brief, row.meanLoss.brief, row.gradientRatio.brief, NearestLoss.cosineText(row.cosine), row.meaning)
    }
    return ExplanationSection("Scale: \(scale.verdict.sentence)", table.lines)
  }

  /// Longer lists end with their number; the JSON has all of it.
  private static let longestList = 16

  private static func more(_ count: Int) -> [String] {
    count > longestList ? ["… and \(count - longestList) more (--json lists all)"] : []
  }
}

/// A titled part of an explanation in text.
public struct ExplanationSection: Hashable, Sendable {
  public let title: String
  public let lines: [String]

  public init(_ title: String, _ lines: [String]) {
    self.title = title
    self.lines = lines
  }

  /// Title, then the lines indented by two blanks.
  public var text: String {
    ([title] + lines.map { $0.isEmpty ? "" : "  " + $0 }).joined(separator: "\n")
  }
}

extension ScaleSensitivity.Verdict {
  public var sentence: String {
    switch self {
    case .invariant: "none, the loss is the same in every unit"
    case .gradientInvariant: "none for training, only the value shifts with the unit"
    case .homogeneous(let degree): "the unit acts like a loss weight, factor to the power \(degree.brief)"
    case .dependent: "the loss is another one in another unit"
    case .undecided: "undecided, there is no finite gradient"
    }
  }
}
