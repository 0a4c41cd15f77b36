import Reporting
import RunStore
import Screening

/// The doors that candidates leave through, in order; the progress line, the store's summary and the JSON count by them.
enum FunnelStep: String, CaseIterable {
  case duplicate, verify, descend, passedOver, shortTraining, proxy

  /// The door of a rejection code; unknown codes of newer versions count as the last.
  init(code: String) {
    switch code {
    case "duplicate", "familyDuplicate": self = .duplicate
    case "notPerSample", "batchCoupled", "independentOfPrediction", "nonFinite", "tooLarge", "notMonotone",
      "minimumOffTarget":
      self = .verify
    case "simulationMissedTarget", "simulationNotFinite": self = .descend
    case "passedOver": self = .passedOver
    case "detectorBelowThreshold", "notAmongBest": self = .shortTraining
    default: self = .proxy
    }
  }

  /// Whether the screening of a formula alone, without a detector, ends here.
  var isScreening: Bool {
    switch self {
    case .verify, .descend: true
    case .duplicate, .passedOver, .shortTraining, .proxy: false
    }
  }

  /// Whether candidates that leave here were trained on D_verify.
  var isTrained: Bool {
    switch self {
    case .duplicate, .verify, .descend, .passedOver: false
    case .shortTraining, .proxy: true
    }
  }
}

/// How many candidates came and where they left.
public struct SearchTally: Sendable, Hashable {
  public var generated = 0
  /// By rejection code.
  public var rejected: [String: Int] = [:]
  /// Candidates trained on D_verify and on the proxy.
  public var simulated = 0
  public var proxyTrained = 0

  public init() {}

  /// All duplicates, those up to scale included.
  public var duplicate: Int { (rejected["duplicate"] ?? 0) + (rejected["familyDuplicate"] ?? 0) }

  mutating func count(_ rejection: RejectionRecord?) {
    guard let code = rejection?.code else { return }
    rejected[code, default: 0] += 1
  }

  /// What the stored candidates say; trainings count once their phase is over.
  init(
    _ candidates: [CandidateRecord], outcomes: [String: ScoreOutcome], state: SearchState,
    configuration: RunConfiguration
  ) {
    for candidate in candidates {
      generated += 1
      count(candidate.rejection)
      if candidate.stage == Stage.proxy.rawValue || candidate.stage == Stage.select.rawValue { proxyTrained += 1 }
      let cameThrough = candidate.rejection.map { FunnelStep(code: $0.code).isTrained } ?? true
      let isOver = candidate.generation < state.generation || state.phase == .proxy || state.phase == .final
      if cameThrough, isOver, outcomes[configuration.request(candidate, .simulate).key] != nil { simulated += 1 }
    }
  }

  /// The levels of the walk with what is left at each.
  public var funnel: Funnel {
    var left = generated
    var counts: [FunnelStep: Int] = [:]
    for (code, number) in rejected { counts[FunnelStep(code: code), default: 0] += number }
    func remaining(after step: FunnelStep) -> Int {
      left -= counts[step] ?? 0
      return left
    }
    return Funnel([
      .init("generated", generated), .init("new", remaining(after: .duplicate)),
      .init("verified", remaining(after: .verify)), .init("descended", remaining(after: .descend)),
      .init("short training", simulated), .init("proxy", proxyTrained),
    ])
  }
}
