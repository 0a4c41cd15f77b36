import Foundation
import Randomness
import RunStore
import Surrogates

/// The part of a generation that is going on; the raw values are stable.
enum SurrogatePhase: String, Sendable {
  /// The policy has learned from all generations before; its samples are not drawn.
  case draw
  /// The samples are in the store; their rewards are collected.
  case evaluate
  /// All generations are done; promotion and final scoring remain.
  case final
}

/// Where a search for surrogates stands between two steps.
struct SurrogateState: Sendable {
  /// From 0.
  var generation = 0
  var phase = SurrogatePhase.draw
  var generator: SeededGenerator
  var learner: PolicyLearner

  /// The very beginning.
  init(_ configuration: SurrogateConfiguration) {
    generator = SeededGenerator(seed: configuration.seed, stream: "surrogate policy")
    learner = PolicyLearner(ThetaPolicy(configuration.space.policy, numbers: configuration.space.numbers))
  }

  /// Reads back what `record` wrote.
  init(_ record: GenerationRecord) throws {
    guard let phase = SurrogatePhase(rawValue: record.phase) else {
      throw SearchError.unreadableState(detail: "phase '\(record.phase)'")
    }
    (generation, self.phase) = (record.number, phase)
    do {
      generator = try JSONDecoder().decode(SeededGenerator.self, from: Data(record.generator.utf8))
      learner = try JSONDecoder().decode(PolicyLearner.self, from: Data(record.population.utf8))
    } catch {
      throw SearchError.unreadableState(detail: "generation \(record.number)")
    }
  }

  /// - Parameter samples: how many thetas of this generation are in the store.
  func record(samples: Int) throws -> GenerationRecord {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return GenerationRecord(
      number: generation, phase: phase.rawValue, proposals: samples,
      generator: String(decoding: try encoder.encode(generator), as: UTF8.self),
      population: String(decoding: try encoder.encode(learner), as: UTF8.self))
  }
}
