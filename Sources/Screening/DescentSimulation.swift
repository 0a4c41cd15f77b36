import Formulas
import Losses

/// Whether plain gradient descent with a formula reaches the target, without any network: on bare logits, and on boxes.
///
/// A formula can be monotone everywhere and still be no use, because nearly all of its gradient sits in a few samples. So many
/// samples descend together on one loss, as in training. The step is divided by the gradient's root mean square, since a
/// scale acts like the learning rate and is not what is asked here. Runs the compiled program in Float, as training does.
///
/// Criterion (ours). MULTI_CLS: the mean probability of the true class reaches `requiredProbability` for each number of
/// classes. BINARY_CLS: the same for positives and for negatives, each on its own. REG: the mean IoU of boxes that overlap their
/// targets at the start reaches `requiredOverlap`; boxes that do not overlap need only stay finite.
public struct DescentSimulation: Sendable {
  public let settings: SimulationSettings

  public init(_ settings: SimulationSettings = .standard) {
    self.settings = settings
  }

  /// Pass, or how far descent came. A formula that is none of the mode, or whose result has another shape than training
  /// needs, is rejected as in verification.
  public func run(_ formula: Formula, mode: Mode) -> Verdict {
    guard let program = try? Program(formula, mode: mode), program.shape == Self.resultShape(of: mode),
      !program.couplesSamples
    else {
      return .reject(.notPerSample(found: "something else", expected: mode.trainableShape.rawValue))
    }
    let rejection: Rejection? =
      switch mode {
      case .multiClass: classificationRejection(program, mode: mode)
      case .binaryClass: classificationRejection(program, mode: mode)
      case .regression: boxRejection(program)
      }
    return rejection.map(Verdict.reject) ?? .pass
  }

  private static func resultShape(of mode: Mode) -> ValueShape {
    switch mode {
    case .multiClass, .regression: .perSample
    case .binaryClass: .perElement
    }
  }

  private func classificationRejection(_ program: Program, mode: Mode) -> Rejection? {
    for classes in settings.classCounts {
      let descent = LogitDescent(mode: mode, classes: classes, settings)
      let samples = "\(settings.rows) rows of \(classes) logits"
      if let step = descent.run(program) { return .simulationNotFinite(step: step, samples: samples) }
      let reached = descent.meanProbability
      guard reached >= settings.requiredProbability else {
        return .simulationMissedTarget(reached: reached, required: settings.requiredProbability, samples: samples)
      }
    }
    return nil
  }

  private func boxRejection(_ program: Program) -> Rejection? {
    let overlapping = BoxDescent(disjoint: false, settings)
    let samples = "\(settings.boxes) overlapping boxes"
    if let step = overlapping.run(program) { return .simulationNotFinite(step: step, samples: samples) }
    let reached = overlapping.meanOverlap
    guard reached >= settings.requiredOverlap else {
      return .simulationMissedTarget(reached: reached, required: settings.requiredOverlap, samples: samples)
    }
    if let step = BoxDescent(disjoint: true, settings).run(program) {
      return .simulationNotFinite(step: step, samples: "\(settings.boxes) disjoint boxes")
    }
    return nil
  }
}
