import Foundation
import Formulas
import Losses

extension LossCurves {
  /// Probabilities at which classification losses are drawn.
  private static let probabilities = (0...160).map { 0.005 + 0.99 * Double($0) / 160 }

  private static func logit(_ probability: Double) -> Double { log(probability / (1 - probability)) }

  /// Two classes, the first of them true; the other logit is 0. One curve for each Z where the formula has it.
  func multiClassCurves() -> [LossCurve] {
    func curve(_ loss: Formula, overlap: Double, _ label: String) -> LossCurve? {
      var inputs = LossInputs<Double>(rows: Self.probabilities.count, classes: 2)
      inputs[.x] = Self.probabilities.flatMap { [Self.logit($0), 0] }
      inputs[.y] = Self.probabilities.flatMap { _ in [1, 0] }
      inputs[.z] = Self.probabilities.flatMap { _ in [overlap, overlap] }
      return classificationCurve(loss, inputs, label)
    }
    let overlaps = formula.variables.contains(.z) ? [1, 0.7, 0.4] : [1]
    let own = overlaps.compactMap { overlap in
      curve(formula, overlap: overlap, overlaps.count > 1 ? "this formula, Z = \(overlap.formatted)" : "this formula")
    }
    let known = knownLosses([.crossEntropy, .focal]).compactMap { curve($0.formula, overlap: 1, $0.name) }
    return own + fitted(known, to: own.first, tolerance: 4, meets: false)
  }

  /// One element beside a clear negative. At positives one curve for each Q where the formula has it.
  func binaryCurves(isPositive: Bool) -> [LossCurve] {
    func curve(_ loss: Formula, quality: Double, _ label: String) -> LossCurve? {
      let positive: Double = isPositive ? 1 : 0
      var inputs = LossInputs<Double>(rows: Self.probabilities.count, classes: 2)
      inputs[.x] = Self.probabilities.flatMap { [Self.logit($0), -4] }
      inputs[.q] = Self.probabilities.flatMap { _ in [quality, 0] }
      inputs[.py] = Self.probabilities.flatMap { _ in [positive, 0] }
      inputs[.ny] = Self.probabilities.flatMap { _ in [1 - positive, 1] }
      return classificationCurve(loss, inputs, label)
    }
    let qualities = isPositive ? (formula.variables.contains(.q) ? [1, 0.7, 0.4] : [1]) : [0]
    let own = qualities.compactMap { quality in
      curve(
        formula, quality: quality,
        qualities.count > 1
          ? "this formula, Q = \(quality.formatted)" : isPositive ? "this formula" : "this formula, PY = 0")
    }
    let known = knownLosses([.crossEntropy, .focal]).compactMap { curve($0.formula, quality: qualities[0], $0.name) }
    return own + fitted(known, to: own.first, tolerance: 4, meets: false)
  }

  /// Value and gradient of the first element of each row; nil where the formula has no value a row.
  private func classificationCurve(_ loss: Formula, _ inputs: LossInputs<Double>, _ label: String) -> LossCurve? {
    guard let result = evaluated(loss, inputs) else { return nil }
    let columns = result.value.count / inputs.rows
    guard columns >= 1, columns * inputs.rows == result.value.count else { return nil }
    return LossCurve(
      label: label,
      points: Self.probabilities.enumerated().map { row, probability in
        .init(
          x: probability, value: result.value[row * columns], slope: result.gradients[.x].map { $0[row * 2] } ?? 0)
      })
  }

  /// Nil for formulas of another mode.
  func evaluated(_ loss: Formula, _ inputs: LossInputs<Double>) -> LossResult<Double>? {
    guard let evaluator = try? ReferenceEvaluator(loss, mode: mode) else { return nil }
    return try? evaluator.evaluate(inputs)
  }

  /// Built-in losses of this mode other than the formula itself.
  func knownLosses(_ losses: [BuiltInLoss]) -> [(name: String, formula: Formula)] {
    losses.compactMap { loss in
      guard let known = loss.formula(in: mode), known != formula else { return nil }
      return (loss.rawValue, known)
    }
  }

  /// Known curves made comparable with the formula's own.
  func fitted(_ known: [LossCurve], to own: LossCurve?, tolerance: Double, meets: Bool) -> [LossCurve] {
    known.enumerated().map { index, curve in
      var curve = own.map { curve.fitted(to: $0, tolerance: tolerance, meets: meets) } ?? curve
      (curve.isKnown, curve.style) = (true, index)
      return curve
    }
  }
}

extension Double {
  /// Without a needless ".0".
  fileprivate var formatted: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
