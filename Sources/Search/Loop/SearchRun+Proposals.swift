import Evolution
import Formulas
import Randomness
import RunStore
import Screening

/// parse, canonicalize, verify, simulate (a): proposals in batches, each batch one step of the store.
extension SearchRun {
  /// Proposes and screens until the generation is full.
  func proposeAndScreen() throws {
    let total = space.evolution.candidatesPerGeneration
    report("proposals", done: state.proposals, total: total, unit: "formulas")
    while state.proposals < total {
      try checkCancellation()
      var next = state
      let proposals = try (0..<min(space.selection.screeningBatch, total - next.proposals)).map { _ in
        defer { next.proposals += 1 }
        return try propose(number: next.proposals, from: next.population, using: &next.generator)
      }
      let records = try screen(proposals)
      if next.proposals == total { next.phase = .simulate }
      try store.commit(RunStep(candidates: records, generation: try next.record()))
      state = next
      tally.generated += records.count
      for record in records { tally.count(record.rejection) }
      report("proposals", done: state.proposals, total: total, unit: "formulas")
    }
  }

  private func propose(
    number: Int, from population: Population, using random: inout SeededGenerator
  ) throws -> Proposal {
    let proposal =
      state.generation == 0
      ? breeder.initial(index: number, warmStarts: warmStarts, using: &random)
      : breeder.offspring(of: population, using: &random)
    guard let proposal else { throw SearchError.noFormula(grammar: "grammar") }
    return proposal
  }

  /// The records of a batch of proposals, judged in order.
  private func screen(_ proposals: [Proposal]) throws -> [CandidateRecord] {
    let formulas = proposals.map { $0.genome.branchFormulas(space.task) }
    var identities: [Judgments.Identity] = []
    try screeners.mapInOrder(formulas.flatMap(\.self), lookAhead: Int.max) { screen, formula in
      screen.identity(of: formula)
    } commit: { _, identity in
      identities.append(identity)
    }
    var known = identities[...]
    let named = formulas.map { parts in
      parts.map { part in
        let identity = known.removeFirst()
        return ScreenedFormula(part: part, identity: identity, representative: judgments.representative(of: identity))
      }
    }
    let verdicts = try verdicts(on: named.flatMap(\.self))
    return zip(proposals, named).enumerated().map { offset, pair in
      record(id: tally.generated + offset, pair.0, pair.1, verdicts)
    }
  }

  /// Verifies and simulates every loss that was not judged before, each once.
  private func verdicts(on formulas: [ScreenedFormula]) throws -> [Judgments.Key: Rejection?] {
    var pending: [ScreenedFormula] = []
    var keys: Set<Judgments.Key> = []
    for formula in formulas where judgments.hasPassed(formula.representative, formula.part.mode) == nil {
      if keys.insert(formula.key).inserted { pending.append(formula) }
    }
    var verdicts: [Judgments.Key: Rejection?] = [:]
    try screeners.mapInOrder(pending.map(\.part), lookAhead: Int.max) { screen, part in
      screen.rejection(of: part)
    } commit: { index, rejection in
      verdicts[pending[index].key] = .some(rejection)
    }
    return verdicts
  }

  private func record(
    id: Int, _ proposal: Proposal, _ formulas: [ScreenedFormula], _ verdicts: [Judgments.Key: Rejection?]
  ) -> CandidateRecord {
    let losses = proposal.genome.losses(defaultLosses)
    var branch = space.branch
    let rejection = judge(formulas, text: proposal.genome.text, branch: &branch, verdicts)
    return CandidateRecord(
      id: id, generation: state.generation, branch: branch.rawValue, classification: losses.classification,
      regression: losses.regression, canonical: formulas.map(\.identity.canonical).joined(separator: "|"),
      fingerprint: formulas.map(\.identity.fingerprint).joined(separator: "|"),
      origin: proposal.operators.map(\.rawValue).joined(separator: "+"), parents: proposal.parents,
      nodes: proposal.genome.complexity, stage: (rejection?.stage ?? .simulate).rawValue,
      rejection: rejection.map { RejectionRecord(code: $0.code, message: $0.message) })
  }

  /// The first "no" to a combination; `branch` then names the formula that it is about.
  private func judge(
    _ formulas: [ScreenedFormula], text: String, branch: inout SearchBranch, _ verdicts: [Judgments.Key: Rejection?]
  ) -> Rejection? {
    for formula in formulas where judgments.hasPassed(formula.representative, formula.part.mode) == false {
      branch = formula.part.branch
      return .duplicate(of: judgments.spelling(of: formula.representative, formula.part.mode))
    }
    if let earlier = judgments.combination(Judgments.identity(of: formulas), text: text) {
      return .duplicate(of: earlier)
    }
    for formula in formulas where judgments.hasPassed(formula.representative, formula.part.mode) == nil {
      let rejection = verdicts[formula.key].flatMap(\.self)
      judgments.remember(formula.representative, formula.part.mode, passed: rejection == nil)
      if let rejection {
        branch = formula.part.branch
        return rejection
      }
    }
    return nil
  }

  /// Learns from a stored candidate what judging it had taught.
  func recall(_ candidate: CandidateRecord, wasPassedOver: Bool) throws {
    let formulas = try screened(candidate)
    let step = candidate.rejection.map { FunnelStep(code: $0.code) }
    if step == .duplicate { return }
    if !wasPassedOver { _ = judgments.combination(Judgments.identity(of: formulas), text: candidate.text(space)) }
    for formula in formulas {
      let fails = step?.isScreening == true && candidate.branch == formula.part.branch.rawValue
      judgments.remember(formula.representative, formula.part.mode, passed: !fails)
      if fails { return }
    }
  }

  /// The formulas of a stored candidate with their identities as stored.
  private func screened(_ candidate: CandidateRecord) throws -> [ScreenedFormula] {
    let parts = try space.genome(of: candidate).branchFormulas(space.task)
    let canonicals = candidate.canonical.split(separator: "|", omittingEmptySubsequences: false)
    let prints = (candidate.fingerprint ?? "").split(separator: "|", omittingEmptySubsequences: false)
    guard canonicals.count == parts.count, prints.count == parts.count else {
      throw SearchError.unreadableState(detail: "candidate \(candidate.id)")
    }
    return parts.indices.map { index in
      let identity = Judgments.Identity(
        mode: parts[index].mode, text: parts[index].formula.description, canonical: String(canonicals[index]),
        fingerprint: String(prints[index]))
      return ScreenedFormula(
        part: parts[index], identity: identity, representative: judgments.representative(of: identity))
    }
  }

  /// Lets a combination be proposed again that was passed over for lack of room.
  func forget(_ candidate: CandidateRecord) throws {
    judgments.forgetCombination(Judgments.identity(of: try screened(candidate)))
  }
}

/// A formula of a proposal with its identity.
struct ScreenedFormula: Sendable {
  var part: BranchFormula
  var identity: Judgments.Identity
  /// The canonical text of the first formula with the same loss.
  var representative: String

  var key: Judgments.Key { Judgments.Key(mode: part.mode, canonical: representative) }
}
