import Formulas
import Losses

/// The probes of the verification at which value or gradient is not finite, as inputs on which hazards are looked for.
enum BrokenProbes {
  /// For each batch of probes the mildest of each kind: in Double or in Float, value or gradient.
  static func ladders(_ tracer: NodeTracer) -> [HazardLadder] {
    guard let evaluator = try? ReferenceEvaluator(tracer.formula, mode: tracer.mode),
      let program = try? Program(tracer.formula, mode: tracer.mode), !program.couplesSamples
    else { return [] }
    return ProbeTable.of(tracer.mode, .standard).compactMap { batch in
      guard batch.scope == .full else { return nil }
      var rows: [Int] = []
      if let exact = try? evaluator.evaluate(batch.inputs) {
        rows += brokenRows(batch, exact.value, exact.gradients)
      }
      if let result = try? program.evaluate(batch.floatInputs) {
        rows += brokenRows(batch, result.value, result.gradients)
      }
      return rows.isEmpty ? nil : HazardLadder(batch, rows: Array(Set(rows)).sorted(), mode: tracer.mode)
    }
  }

  private static func brokenRows<Scalar: BinaryFloatingPoint>(
    _ batch: ProbeBatch, _ value: [Scalar], _ gradients: [Variable: [Scalar]]
  ) -> [Int] {
    func mildest(_ numbers: [Scalar], skipping skipped: Set<Int>) -> Int? {
      let width = max(numbers.count / max(batch.rows, 1), 1)
      var found: Int?
      for place in numbers.indices where !numbers[place].isFinite {
        let row = place / width
        guard row < batch.rows, !skipped.contains(row) else { continue }
        if let best = found, batch.probes[best].severity <= batch.probes[row].severity { continue }
        found = row
      }
      return found
    }
    let ofGradients = Variable.allCases.compactMap { variable in
      gradients[variable].flatMap { mildest($0, skipping: batch.valueOnly) }
    }
    return [mildest(value, skipping: [])].compactMap(\.self) + ofGradients
  }
}

extension Probe {
  /// How far it is from ordinary inputs.
  fileprivate var severity: Double {
    switch self {
    case .logits(_, _, let gap, _, _, _): gap.magnitude
    case .element(_, let logit, _, _): logit.magnitude
    case .boxes(_, _, _, _, let progress): 1 - progress
    }
  }

  /// The same boxes as a place on a curve; nil for logits.
  fileprivate var point: HazardPoint? {
    switch self {
    case .logits, .element: nil
    case .boxes(let family, let path, let width, let height, let progress):
      HazardPoint(curve: .way(family, path: path, width: width, height: height), place: progress)
    }
  }
}

extension HazardLadder {
  /// Some rows of a batch of probes.
  fileprivate init(_ probes: ProbeBatch, rows: [Int], mode: Mode) {
    let points = rows.compactMap { probes.probes[$0].point }
    guard points.isEmpty else {
      self.init(points, mode: mode)
      return
    }
    var inputs = LossInputs<Double>(rows: rows.count, classes: probes.classes)
    for variable in mode.variables {
      inputs[variable] = probes.inputs[variable].map { numbers in
        rows.flatMap { numbers[($0 * probes.classes)..<(($0 + 1) * probes.classes)] }
      }
    }
    self.init(
      batch: AdmissibleBatch(inputs: inputs, truth: rows.map { _ in nil }, boxes: []),
      names: rows.map { probes.probes[$0].description }, usualRows: rows.map { _ in false })
  }
}
