import Formulas

/// The gradients of two formulas at one row or pair of boxes, with what rounding can do to them.
struct GradientPair {
  let witness: LossWitness
  let isSimple: Bool
  /// The largest change of an entry when every operation is off by 1e-13.
  private let noise: (first: Double, second: Double)
  /// Whether small disturbances keep every number finite, or keep some not finite.
  private let isSteady: Bool
  /// Whether one value is finite and the other is not, also under small disturbances.
  private let isFiniteInOne: Bool

  /// What two gradients say about equality.
  enum Difference: Equatable {
    /// They agree.
    case none
    /// Rounding hides it.
    case unclear
    /// They differ by this share of the larger one; 2 where only one is finite.
    case clear(Double)

    var clarity: Double? {
      switch self {
      case .none, .unclear: nil
      case .clear(let share): share
      }
    }
  }

  /// Both formulas on all probe inputs of the mode, the simple ones first.
  /// - Throws: `FormulaError` when a formula is not one of the mode.
  static func samples(_ a: Formula, _ b: Formula, mode: Mode) throws(FormulaError) -> [GradientPair] {
    let (first, second) = (try RowGradients.evaluators(a, mode), try RowGradients.evaluators(b, mode))
    return EqualityProbe.all(of: mode).compactMap { probe in
      guard let one = RowGradients(first, probe), let other = RowGradients(second, probe) else { return nil }
      return GradientPair(probe, one, other)
    }
  }

  private init(_ probe: EqualityProbe, _ one: RowGradients, _ other: RowGradients) {
    witness = LossWitness(
      inputs: probe.inputs, boxes: probe.boxes, values: (one.value, other.value),
      gradients: (one.gradient, other.gradient))
    isSimple = probe.isSimple
    noise = (one.noise, other.noise)
    isSteady = one.isSteady && other.isSteady
    // Next to the end of Double a factor alone makes the difference.
    isFiniteInOne =
      one.hasSteadyValue && other.hasSteadyValue && one.hasFiniteValue != other.hasFiniteValue
      && (one.value + other.value).allSatisfy { !$0.isFinite || abs($0) < 1e100 }
  }

  /// The factor from the first gradient to the second by least squares, and the share of the gradients that rounding
  /// can change; nil where a gradient is 0, not finite or noisy.
  var scale: (factor: Double, uncertainty: Double)? {
    let (a, b) = witness.gradients
    let (sizeA, sizeB) = (Self.largest(a), Self.largest(b))
    guard isSteady, sizeA.isFinite, sizeB.isFinite, sizeA > 0, sizeB > 0 else { return nil }
    let uncertainty = max(noise.first / sizeA, noise.second / sizeB)
    guard uncertainty < 1e-6 else { return nil }
    let products = zip(a, b).reduce(0) { $0 + $1.0 / sizeA * ($1.1 / sizeB) }
    let squares = a.reduce(0) { $0 + $1 / sizeA * ($1 / sizeA) }
    return (products / squares * (sizeB / sizeA), uncertainty)
  }

  /// What the second gradient shows beside the first times a factor.
  func difference(scale: Double) -> Difference {
    if isFiniteInOne { return .clear(2) }
    guard isSteady else { return .unclear }
    let (a, b) = (witness.gradients.first.map { $0 * scale }, witness.gradients.second)
    let (sizeA, sizeB) = (Self.largest(a), Self.largest(b))
    if sizeA.isFinite != sizeB.isFinite { return .clear(2) }
    let size = max(sizeA, sizeB)
    guard size.isFinite else { return .unclear }
    if size == 0 { return .none }
    let gap = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    let noise = max(noise.first * scale, noise.second)
    if gap > 1e-6 * size + 1000 * noise { return .clear(gap / size) }
    return gap <= 1e-8 * size + 10 * noise && noise < 1e-3 * size ? .none : .unclear
  }

  /// The largest entry; infinite where one is not finite.
  private static func largest(_ entries: [Double]) -> Double {
    entries.reduce(0) { $1.isFinite ? max($0, abs($1)) : .infinity }
  }
}

/// One formula at one row or pair of boxes.
private struct RowGradients {
  let value: [Double]
  /// With respect to the logits, or the predicted corners.
  let gradient: [Double]
  let noise: Double
  let isSteady: Bool
  let hasFiniteValue: Bool
  let hasSteadyValue: Bool

  /// The evaluator of a formula and two whose operations are disturbed.
  static func evaluators(_ formula: Formula, _ mode: Mode) throws(FormulaError) -> [ReferenceEvaluator] {
    [
      try ReferenceEvaluator(formula, mode: mode),
      try ReferenceEvaluator(formula, mode: mode, rounding: disturbance(1)),
      try ReferenceEvaluator(formula, mode: mode, rounding: disturbance(2)),
    ]
  }

  /// Nil when the probe lacks what the formula needs, which does not happen for formulas of the mode.
  init?(_ evaluators: [ReferenceEvaluator], _ probe: EqualityProbe) {
    var gradients: [[Double]] = []
    var finiteValues: [Bool] = []
    var value: [Double] = []
    var noise = 0.0
    for (place, evaluator) in evaluators.enumerated() {
      guard let result = try? evaluator.evaluate(probe.inputs) else { return nil }
      if place == 0 { (value, noise) = (result.value, probe.pullBackNoise(of: result)) }
      gradients.append(probe.gradient(of: result, mode: evaluator.mode))
      finiteValues.append(result.value.allSatisfy(\.isFinite))
    }
    (self.value, gradient) = (value, gradients[0])
    for other in gradients.dropFirst() {
      for (a, b) in zip(gradient, other) where (a - b).isFinite { noise = max(noise, abs(a - b)) }
    }
    self.noise = noise
    hasFiniteValue = finiteValues[0]
    hasSteadyValue = finiteValues.allSatisfy { $0 == finiteValues[0] }
    let finite = gradients.map { $0.allSatisfy(\.isFinite) }
    isSteady = finite.allSatisfy { $0 == finite[0] }
  }

  private static func disturbance(_ salt: UInt64) -> @Sendable (Double) -> Double {
    { value in
      let bits = (value.bitPattern &+ salt) &* 0x9e37_79b9_7f4a_7c15
      return value * (1 + (bits >> 63 == 0 ? 1e-13 : -1e-13))
    }
  }
}
