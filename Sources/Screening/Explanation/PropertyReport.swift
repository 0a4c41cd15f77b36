import Formulas
import Losses

/// Every question of the verification with its worst probe, where `Verifier` ends at the first "no".
///
/// Goes over the same probes by the same rules with the reference evaluator, without any shortcut; so it passes exactly when
/// `Verifier.verifyPlainly` does (a test compares them).
public struct PropertyReport: Sendable {
  public let checks: [PropertyCheck]

  /// Whether every question is answered with yes.
  public var passed: Bool { checks.allSatisfy(\.passed) }

  public init(_ formula: Formula, mode: Mode, settings: VerificationSettings = .standard) {
    let probes = ProbeTable.of(mode, settings)
    self.init(formula, mode: mode, settings: settings, probes: probes)
  }

  /// - Parameter probes: `ProbeTable.of(mode, settings)`, made once for several formulas.
  init(_ formula: Formula, mode: Mode, settings: VerificationSettings, probes: [ProbeBatch]) {
    let graph = Self.graphChecks(formula, mode)
    guard graph.allSatisfy(\.passed), let evaluator = try? ReferenceEvaluator(formula, mode: mode) else {
      checks = graph
      return
    }
    var tally = PropertyTally(mode: mode, settings: settings)
    let first = probes.firstIndex { $0.scope == .full }
    for (order, batch) in probes.enumerated() {
      guard let result = try? evaluator.evaluate(batch.inputs) else { continue }
      tally.judge(batch, value: result.value, gradients: result.gradients, isFirst: order == first)
    }
    if let program = try? Program(formula, mode: mode) {
      for batch in probes {
        guard let result = try? program.evaluate(batch.floatInputs) else { continue }
        tally.judgeFloat(batch, value: result.value, gradients: result.gradients)
      }
    }
    checks = graph.filter { $0.question != .dependsOnPrediction } + tally.checks
  }

  /// What the graph alone shows.
  private static func graphChecks(_ formula: Formula, _ mode: Mode) -> [PropertyCheck] {
    func check(_ question: PropertyQuestion, _ passed: Bool, _ finding: String?) -> PropertyCheck {
      PropertyCheck(
        question: question, passed: passed, probes: 0, failures: 0, margin: nil, worst: nil, finding: finding,
        limits: nil)
    }
    guard let shapes = try? formula.nodeShapes(in: mode) else {
      return [check(.trainableShape, false, "it is no formula of \(mode.rawValue)")]
    }
    let shape = shapes[formula.root].shape
    let coupling = shapes[formula.root].couplesSamples ? shapes.firstIndex(where: \.couplesSamples) : nil
    let depends = formula.mentionsPrediction(in: mode)
    return [
      check(
        .trainableShape, shape == mode.trainableShape,
        shape.rawValue + (shape == mode.trainableShape ? "" : ", needed is \(mode.trainableShape.rawValue)")),
      check(.independentSamples, coupling == nil, coupling.map { "\(formula.brief(at: $0)) sums over samples" }),
      check(.dependsOnPrediction, depends, depends ? nil : "no variable of the prediction occurs"),
    ]
  }
}

/// The probes of the verification.
enum ProbeTable {
  static func of(_ mode: Mode, _ settings: VerificationSettings) -> [ProbeBatch] {
    if settings == .standard { return standard(of: mode) }
    return batches(mode, settings)
  }

  private static func standard(of mode: Mode) -> [ProbeBatch] {
    switch mode {
    case .multiClass: logits
    case .binaryClass: elements
    case .regression: boxes
    }
  }

  private static let logits = batches(.multiClass, .standard)
  private static let elements = batches(.binaryClass, .standard)
  private static let boxes = batches(.regression, .standard)

  private static func batches(_ mode: Mode, _ settings: VerificationSettings) -> [ProbeBatch] {
    switch mode {
    case .multiClass: LogitProbes.batches(settings)
    case .binaryClass: ElementProbes.batches(settings)
    case .regression: BoxProbes.batches(settings)
    }
  }
}
