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
    guard let program = Self.program(formula, mode: mode) else { return .reject(Self.wrongShape(of: mode)) }
    for start in starts(of: mode) {
      let descent = start()
      let ending = descent.run(program) { _ in }
      if let rejection = descent.rejection(after: ending) { return .reject(rejection) }
    }
    return .pass
  }

  /// Every descent of the simulation step by step, also after one that ends a candidate.
  public func report(_ formula: Formula, mode: Mode) -> SimulationReport {
    guard let program = Self.program(formula, mode: mode) else {
      return SimulationReport(settings: settings, mode: mode, runs: [], rejection: Self.wrongShape(of: mode))
    }
    let reference = KnownLoss.reference(of: mode).flatMap { known in
      Self.program(known.formula, mode: mode).map { (name: known.name, program: $0) }
    }
    let runs = starts(of: mode).map { start in
      DescentRecord(start(), program, reference: reference.map { ($0.name, start(), $0.program) })
    }
    return SimulationReport(
      settings: settings, mode: mode, runs: runs, rejection: runs.compactMap(\.rejection).first)
  }

  /// Nil where the result has another shape than training needs, or mixes samples.
  private static func program(_ formula: Formula, mode: Mode) -> Program? {
    guard let program = try? Program(formula, mode: mode), program.shape == resultShape(of: mode),
      !program.couplesSamples
    else { return nil }
    return program
  }

  private static func wrongShape(of mode: Mode) -> Rejection {
    .notPerSample(found: "something else", expected: mode.trainableShape.rawValue)
  }

  private static func resultShape(of mode: Mode) -> ValueShape {
    switch mode {
    case .multiClass, .regression: .perSample
    case .binaryClass: .perElement
    }
  }

  /// What descends, in this order; each call makes the samples anew.
  private func starts(of mode: Mode) -> [() -> any Descent] {
    let settings = settings
    return switch mode {
    case .multiClass, .binaryClass:
      settings.classCounts.map { classes in { LogitDescent(mode: mode, classes: classes, settings) } }
    case .regression: [false, true].map { disjoint in { BoxDescent(disjoint: disjoint, settings) } }
    }
  }
}
