import JSONValues
import Evolution
import Foundation
import Reporting
import RunStore
import Screening

/// simulate (b), proxy and select: who goes on after a training, and who becomes a parent.
extension SearchRun {
  /// The candidates of this generation that nothing has rejected yet, in submission order.
  private func alive() throws -> [CandidateRecord] {
    try store.candidates(generation: state.generation).filter { $0.rejection == nil }
  }

  /// simulate (b): the first survivors are trained on D_verify; of those above the threshold the K best go on.
  func trainShortly() throws {
    let survivors = try alive()
    let (tried, passedOver) = (
      survivors.prefix(space.selection.simulatedCandidates), survivors.dropFirst(space.selection.simulatedCandidates)
    )
    let outcomes = try train(tried.map { configuration.request($0, .simulate) }, activity: "short training")
    tally.simulated += tried.count
    var verdicts = passedOver.enumerated().map { offset, candidate in
      verdict(candidate, .passedOver(position: tried.count + offset + 1, tried: tried.count))
    }
    verdicts += shortVerdicts(Array(zip(tried, outcomes)))
    var next = state
    next.phase = .proxy
    try store.commit(RunStep(verdicts: verdicts, generation: try next.record()))
    state = next
    for verdict in verdicts { tally.count(verdict.rejection) }
    for candidate in passedOver { try forget(candidate) }
  }

  private func shortVerdicts(_ results: [(CandidateRecord, ScoreOutcome)]) -> [VerdictRecord] {
    let threshold = (baseline(.simulate, space.shortMetricName) ?? 0) * space.selection.thresholdShare
    var verdicts: [VerdictRecord] = []
    var passing: [(candidate: CandidateRecord, score: Double)] = []
    for (candidate, outcome) in results {
      if case .diverged(let step) = outcome {
        verdicts.append(verdict(candidate, .diverged(step: step)))
        continue
      }
      let score = outcome.value(space.shortMetricName) ?? 0
      if score >= threshold {
        passing.append((candidate, score))
      } else {
        verdicts.append(verdict(candidate, .detectorBelowThreshold(score: score, threshold: threshold)))
      }
    }
    passing.sort {
      ($1.score, $0.candidate.nodes, $0.candidate.id) < ($0.score, $1.candidate.nodes, $1.candidate.id)
    }
    let kept = space.evolution.proxyCandidates
    for (rank, entry) in passing.enumerated().dropFirst(kept) {
      verdicts.append(verdict(entry.candidate, .notAmongBest(rank: rank + 1, kept: kept)))
    }
    return verdicts
  }

  /// proxy and select: the rest are trained on the proxy, join the population, and the generation ends.
  func trainProxiesAndSelect() throws {
    let candidates = try alive()
    let outcomes = try train(candidates.map { configuration.request($0, .proxy) }, activity: "proxy")
    var next = state
    var verdicts: [VerdictRecord] = []
    for (candidate, outcome) in zip(candidates, outcomes) {
      if let score = space.score(outcome) {
        next.population.insert(
          Individual(
            id: candidate.id, genome: try space.genome(of: candidate), score: score, generation: state.generation))
        verdicts.append(VerdictRecord(candidate: candidate.id, stage: Stage.select.rawValue, rejection: nil))
      } else if case .diverged(let step) = outcome {
        verdicts.append(verdict(candidate, .diverged(step: step), stage: .proxy))
      }
    }
    let evolution = space.evolution
    next.population.retire(
      before: state.generation, size: evolution.populationSize, elite: evolution.elite, lifetime: evolution.lifetime)
    if state.generation >= evolution.generations {
      next.phase = .final
    } else {
      next.generation += 1
      next.proposals = 0
      next.phase = .propose
    }
    try store.commit(RunStep(verdicts: verdicts, generation: try next.record()))
    tally.proxyTrained += candidates.count
    for verdict in verdicts { tally.count(verdict.rejection) }
    announce(ending: state.generation, population: next.population)
    state = next
  }

  private func verdict(_ candidate: CandidateRecord, _ rejection: Rejection, stage: Stage = .simulate) -> VerdictRecord
  {
    VerdictRecord(
      candidate: candidate.id, stage: stage.rawValue,
      rejection: RejectionRecord(code: rejection.code, message: rejection.message))
  }

  /// The end of a generation: a line for people, an event for machines.
  private func announce(ending generation: Int, population: Population) {
    let metric = space.metricName
    let best = population.best.map { "best \(metric)" + String(format: " %.3f: ", $0.score) + $0.genome.text }
    let yardstick = baseline(.proxy, metric).map { String(format: " (default losses %.3f)", $0) } ?? ""
    let line = "generation \(generation)/\(space.evolution.generations): \(tally.funnel.line); "
    progress.message(line + (best ?? "no score yet") + yardstick)
    store.log(line + (best ?? "no score yet") + yardstick)
    onGeneration(event(ending: generation, population: population))
  }

  private func event(ending generation: Int, population: Population) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("type", .string("generation")), .init("number", .int(generation)),
      .init("generated", .int(tally.generated)), .init("duplicate", .int(tally.duplicate)),
      .init("simulated", .int(tally.simulated)), .init("proxy_trained", .int(tally.proxyTrained)),
    ]
    if let best = population.best {
      let parts: [JSONValue.Member] = [
        .init("formula", .string(best.genome.text)), .init("score", .double(best.score)),
      ]
      members.append(.init("best", .object(parts)))
    }
    return .object(members)
  }
}
