import Formulas

/// Where two losses of equal gradients part because Float leaves no digits: one of them still follows Double there, the
/// other does not.
///
/// Softplus(X) and Neg(Log(Sub(1,Sig(X)))) are one loss by algebra and in Double; in Float, in which detectors train,
/// 1 - Sig(20) is 0 and the second has no gradient.
enum FloatPart {
  /// The mildest probe at which they part, with values and gradients in Float; nil when there is none, or a formula is not
  /// one of the mode.
  static func witness(_ a: Formula, _ b: Formula, mode: Mode) -> LossWitness? {
    guard let first = Evaluation(a, mode), let second = Evaluation(b, mode) else { return nil }
    let parting = EqualityProbe.all(of: mode).compactMap { probe -> (size: Double, witness: LossWitness)? in
      guard let one = first.gradients(probe), let other = second.gradients(probe) else { return nil }
      let distances = (one.distance, other.distance)
      guard min(distances.0, distances.1) < 0.1, max(distances.0, distances.1) > 0.5 else { return nil }
      let size = (probe.inputs[.x] ?? probe.boxes.map { $0.predicted + $0.target } ?? []).reduce(0) { max($0, abs($1)) }
      return (
        size,
        LossWitness(
          inputs: probe.inputs, boxes: probe.boxes, values: (one.value, other.value),
          gradients: (one.gradient, other.gradient))
      )
    }
    return parting.min { $0.size < $1.size }?.witness
  }

  /// A formula in both precisions.
  struct Evaluation {
    private let mode: Mode
    private let reference: ReferenceEvaluator
    private let program: Program

    init?(_ formula: Formula, _ mode: Mode) {
      guard let reference = try? ReferenceEvaluator(formula, mode: mode),
        let program = try? Program(formula, mode: mode)
      else { return nil }
      (self.mode, self.reference, self.program) = (mode, reference, program)
    }

    /// What Float gives at a probe, and how far its gradient is from Double's in parts of its largest entry (infinite where
    /// it is not finite); nil where Double has no gradient other than 0.
    func gradients(_ probe: EqualityProbe) -> (value: [Double], gradient: [Double], distance: Double)? {
      guard let exact = try? reference.evaluate(probe.inputs),
        let result = try? program.evaluate(probe.inputs.converted(to: Float.self))
      else { return nil }
      let expected = probe.gradient(of: exact, mode: mode)
      let isLost = zip(exact.value, result.value).contains { $0.isFinite && !$1.isFinite }
      let size = expected.reduce(0) { $1.isFinite ? max($0, abs($1)) : .infinity }
      guard size.isFinite, size > 1e-6 else { return nil }
      let gradient = probe.gradient(of: result.converted(), mode: mode)
      let gap = zip(gradient, expected).reduce(0) { max($0, ($1.0 - $1.1).isFinite ? abs($1.0 - $1.1) : .infinity) }
      return (result.value.map(Double.init), gradient, isLost ? .infinity : gap / size)
    }
  }
}

extension LossResult<Float> {
  /// The same numbers in Double.
  func converted() -> LossResult<Double> {
    LossResult<Double>(
      shape: shape, value: value.map(Double.init), gradients: gradients.mapValues { $0.map(Double.init) })
  }
}
