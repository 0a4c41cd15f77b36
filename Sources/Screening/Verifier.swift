import Formulas
import Losses

/// Judges whether a formula has the convergence properties of a loss (design §4): finite, monotone towards the target,
/// least at it.
///
/// `ReferenceEvaluator` defines the verdict; a faster evaluator with elementary functions of its own gives it, and leaves to
/// the plain one what rounding could decide: sums that cancel, comparisons that are narrow. A formula that multiplies
/// rounding up by other ways has a verdict that is as random as its rounding.
///
/// Goals, in order: no published or classical loss is rejected; what cannot be trained is; the cheapest question comes
/// first, and the first failing probe ends. Values and gradients are judged in Double; in Float they must be finite.
public struct Verifier: Sendable {
  public let settings: VerificationSettings
  private let logits: [ProbeBatch]
  private let elements: [ProbeBatch]
  private let boxes: [ProbeBatch]
  let evaluators: WaitingPool<ScreenEvaluator>

  /// Builds the probes once; the same for every formula.
  public init(_ settings: VerificationSettings = .standard) {
    self.settings = settings
    logits = LogitProbes.batches(settings)
    elements = ElementProbes.batches(settings)
    boxes = BoxProbes.batches(settings)
    let batches = logits + elements + boxes
    evaluators = WaitingPool { ScreenEvaluator(for: batches) }
  }

  /// Pass, or the first property that fails and the probe where it does.
  public func verify(_ formula: Formula, mode: Mode) -> Verdict {
    let evaluator = evaluators.take()
    defer { evaluators.put(evaluator) }
    return verify(formula, mode: mode, evaluator)
  }

  /// The verdict by the plain evaluator alone, which defines it; slower by far.
  public func verifyPlainly(_ formula: Formula, mode: Mode) -> Verdict { verify(formula, mode: mode, nil) }

  func verify(_ formula: Formula, mode: Mode, _ evaluator: ScreenEvaluator?) -> Verdict {
    if let evaluator, formula.nodeShapes(in: mode, into: &evaluator.shapes) {
      if let rejection = staticRejection(of: formula, evaluator.shapes, mode: mode) { return .reject(rejection) }
      evaluator.load(formula, mode: mode)
    } else {
      do throws(FormulaError) {
        let shapes = try formula.nodeShapes(in: mode)
        if let rejection = staticRejection(of: formula, shapes, mode: mode) { return .reject(rejection) }
      } catch {
        return .reject(
          .notPerSample(found: "none (\(error.message))", expected: mode.trainableShape.rawValue))
      }
    }
    let batches = batches(of: mode)
    var isFirst = true
    for batch in batches {
      let isFirstFull = isFirst && batch.scope == .full
      let rejection =
        evaluator.map { $0.judge(batch, settings, isFirst: isFirstFull) }
        ?? plainRejection(of: formula, mode: mode, batch, isFirst: isFirstFull)
      if let rejection { return .reject(rejection) }
      if batch.scope == .full { isFirst = false }
    }
    let results = evaluator?.floatResults ?? FloatResults(for: batches)
    return floatRejection(of: formula, mode: mode, batches, results).map(Verdict.reject) ?? .pass
  }

  private func batches(of mode: Mode) -> [ProbeBatch] {
    switch mode {
    case .multiClass: logits
    case .binaryClass: elements
    case .regression: boxes
    }
  }

  /// What the graph alone shows: dependence on the prediction, coupling of samples, the shape of the result.
  private func staticRejection(of formula: Formula, _ shapes: [NodeShape], mode: Mode) -> Rejection? {
    guard formula.mentionsPrediction(in: mode) else { return .independentOfPrediction }
    if shapes[formula.root].couplesSamples, let node = shapes.firstIndex(where: \.couplesSamples) {
      return .batchCoupled(node: formula.subformula(at: node).description)
    }
    let shape = shapes[formula.root].shape
    guard shape == mode.trainableShape else {
      return .notPerSample(found: shape.rawValue, expected: mode.trainableShape.rawValue)
    }
    return nil
  }

  /// What the plain evaluator shows on a batch.
  private func plainRejection(of formula: Formula, mode: Mode, _ batch: ProbeBatch, isFirst: Bool) -> Rejection? {
    guard let facts = RowFacts.plain(formula, mode: mode, batch: batch) else {
      return .notPerSample(found: "no value", expected: mode.trainableShape.rawValue)
    }
    return withExtendedLifetime(facts) {
      var judge = ProbeJudge(settings, mode: mode, batch: batch, isFirst: isFirst, facts: facts)
      return judge.rejection()
    }
  }

  /// What the compiled program shows in Float on the same probes.
  private func floatRejection(of formula: Formula, mode: Mode, _ batches: [ProbeBatch], _ results: FloatResults)
    -> Rejection?
  {
    guard let program = try? Program(formula, mode: mode) else { return nil }
    for batch in batches {
      results.fill(program, batch)
      let value = results.value(of: program, batch)
      if let entry = value.firstNonFinite {
        return .nonFinite(.value, .float, batch.probes[entry * batch.rows / value.count])
      }
      for gradient in results.gradients(of: program, batch) {
        if let row = batch.rowOfNonFinite(gradient: gradient) {
          return .nonFinite(.gradient, .float, batch.probes[row])
        }
      }
      if mode == .regression, let row = value.firstIndex(where: { Double($0.magnitude) >= settings.valueLimit }) {
        return .tooLarge(value: Double(value[row]), limit: settings.valueLimit, batch.probes[row])
      }
    }
    return nil
  }
}
