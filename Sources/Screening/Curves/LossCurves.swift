import Formulas
import Losses
import Reporting

/// Value and gradient of a formula drawn beside known losses: over the probability of the true class, or over IoU.
///
/// Everything is evaluated by `ReferenceEvaluator` in Double. Formulas that are no trainable losses give the curves
/// that they have, and a note.
public struct LossCurves: Sendable {
  public let formula: Formula
  public let mode: Mode

  public init(of formula: Formula, mode: Mode) {
    (self.formula, self.mode) = (formula, mode)
  }

  /// The picture; the title is the formula.
  public var figure: Figure {
    let curves: [LossCurve]
    let panels: [Figure.Panel]
    switch mode {
    case .multiClass:
      curves = multiClassCurves()
      panels = Self.panels(
        curves, x: .init("probability of the true class", range: 0...1), gradient: "∂ loss / ∂ logit of the true class",
        title: "")
    case .binaryClass:
      let (positives, negatives) = (binaryCurves(isPositive: true), binaryCurves(isPositive: false))
      curves = positives + negatives
      panels =
        Self.panels(
          positives, x: .init("Sig(X)", range: 0...1), gradient: "∂ loss / ∂ X", title: " at a positive (PY = 1)")
        + Self.panels(
          negatives, x: .init("Sig(X)", range: 0...1), gradient: "∂ loss / ∂ X", title: " at a negative (PY = 0, Q = 0)"
        )
    case .regression:
      let overlapping = overlapCurves()
      let apart = distanceCurves()
      curves = overlapping + apart
      panels =
        Self.panels(
          overlapping, x: .init("IoU", range: 0...1), gradient: "∂ loss / ∂ way to the target",
          title: ", boxes that overlap")
        + Self.panels(
          apart, x: .init("distance of the centres, in widths of the target", range: 0...3),
          gradient: "∂ loss / ∂ way to the target",
          title: ", a box moved aside")
    }
    return Figure(title: formula.description, notes: notes(curves), panels: panels, columns: 2)
  }

  private func notes(_ curves: [LossCurve]) -> [String] {
    var notes: [String] = []
    let known = curves.filter(\.isKnown)
    if known.contains(where: { $0.factor != 1 || $0.offset != 0 }) {
      notes.append(
        mode == .regression
          ? "Known losses (dashed) are scaled to the same mean gradient and moved to meet the formula at the target."
          : "Known losses (dashed) with × are scaled to the same mean gradient.")
    }
    let own = curves.filter { !$0.isKnown }
    if own.isEmpty {
      notes.append("The formula gives no number for each sample, so there is no curve of it.")
    } else if !own.contains(where: { $0.points.contains { $0.value.isFinite } }) {
      notes.append("The formula is not finite anywhere here.")
    } else if own.contains(where: { $0.points.contains { !$0.value.isFinite } }) {
      notes.append("Gaps are places where the formula is not finite.")
    }
    return notes
  }

  /// Two panels, loss and gradient; known losses lie under the formula's own curves.
  private static func panels(_ curves: [LossCurve], x: Figure.Axis, gradient: String, title: String) -> [Figure.Panel] {
    func series(_ number: (LossCurve.Place) -> Double) -> [Figure.Series] {
      curves.enumerated().map { index, curve in
        Figure.Series(
          curve.label, points: curve.points.map { Figure.Point(x: $0.x, y: number($0)) },
          colour: curve.isKnown ? (curve.style == 0 ? .grey : .black) : .ofSeries(index),
          stroke: curve.isKnown ? (curve.style == 0 ? .dashed : .dotted) : .solid)
      }
    }
    let (values, slopes) = (series(\.value), series(\.slope))
    return [
      Figure.Panel(
        title: "loss" + title, x: x, y: .init("loss", range: shownRange(values)), series: values),
      Figure.Panel(
        title: "gradient" + title, x: x, y: .init(gradient, range: shownRange(slopes)), series: slopes),
    ]
  }

  /// The numbers worth showing: all of them, unless a few lie so far out that they would flatten the rest.
  static func shownRange(_ series: [Figure.Series]) -> ClosedRange<Double>? {
    let own = series.filter { $0.stroke == .solid }
    let numbers = (own.isEmpty ? series : own).flatMap(\.points).map(\.y).filter(\.isFinite).sorted()
    guard let least = numbers.first, let most = numbers.last, numbers.count > 8 else { return nil }
    let low = numbers[numbers.count / 33], high = numbers[numbers.count - 1 - numbers.count / 33]
    let middle = high - low
    guard middle > 0, middle.isFinite else { return least < most ? least...most : nil }
    let shown = max(least, low - 0.5 * middle)...min(most, high + 0.5 * middle)
    let room = 0.04 * (shown.upperBound - shown.lowerBound)
    return (shown.lowerBound - room)...(shown.upperBound + room)
  }
}

/// A curve of a loss: places with value and gradient.
struct LossCurve: Sendable {
  struct Place: Sendable {
    var x, value, slope: Double
  }

  var label: String
  var points: [Place]
  var isKnown = false
  /// Which dash a known loss has.
  var style = 0
  /// What the known loss was multiplied by, and moved by afterwards.
  var factor = 1.0
  var offset = 0.0

  /// Mean magnitude of the gradient; 0 without finite numbers.
  private var strength: Double {
    let finite = points.map(\.slope).filter(\.isFinite)
    return finite.isEmpty ? 0 : finite.reduce(0) { $0 + $1.magnitude } / Double(finite.count)
  }

  /// The curve scaled to the mean gradient of another where they differ by more than `tolerance` times; `meets` moves it to
  /// the other's value at its last point, too.
  func fitted(to other: LossCurve, tolerance: Double, meets: Bool) -> LossCurve {
    var curve = self
    let ratio = other.strength / strength
    if ratio.isFinite, ratio > 0, ratio > tolerance || ratio < 1 / tolerance { curve.factor = ratio }
    if meets, let end = points.last?.value, let target = other.points.last?.value, end.isFinite, target.isFinite {
      curve.offset = target - end * curve.factor
    }
    curve.points = points.map {
      Place(x: $0.x, value: $0.value * curve.factor + curve.offset, slope: $0.slope * curve.factor)
    }
    // Moved curves are said to be scaled once for all, in a note.
    if curve.factor != 1, !meets { curve.label += " × " + AxisText.short(curve.factor) }
    return curve
  }
}

/// Numbers in labels.
enum AxisText {
  /// Two significant digits.
  static func short(_ number: Double) -> String {
    guard number > 0, number.isFinite else { return "\(number)" }
    var (scaled, power) = (number, 0)
    while scaled >= 100 { (scaled, power) = (scaled / 10, power + 1) }
    while scaled < 10 { (scaled, power) = (scaled * 10, power - 1) }
    let digits = Int(scaled.rounded())
    if power == 0 { return "\(digits)" }
    if power == -1 { return digits % 10 == 0 ? "\(digits / 10)" : "\(digits / 10).\(digits % 10)" }
    if power == -2 { return "0.\(digits)" }
    return "\(digits / 10).\(digits % 10)e\(power + 1)"
  }
}
