import Evolution
import Foundation
import Randomness
import RunStore

/// The part of a generation that is going on; the raw values are stable.
enum SearchPhase: String, Sendable {
  /// Candidates are proposed and screened.
  case propose
  /// Survivors are trained on D_verify.
  case simulate
  /// The best of them are trained on the proxy.
  case proxy
  /// All generations are done; promotion and final scoring remain.
  case final
}

/// Where a search stands between two steps.
struct SearchState: Sendable {
  /// From 0, the initial generation.
  var generation: Int
  var phase: SearchPhase
  /// Proposals made in this generation.
  var proposals: Int
  var generator: SeededGenerator
  var population: Population

  /// The very beginning.
  init(seed: UInt64, scoreStep: Double) {
    generation = 0
    phase = .propose
    proposals = 0
    generator = SeededGenerator(seed: seed, stream: "evolution")
    population = Population(scoreStep: scoreStep)
  }

  /// Reads back what `record` wrote.
  init(_ record: GenerationRecord) throws {
    let decoder = JSONDecoder()
    guard let phase = SearchPhase(rawValue: record.phase) else {
      throw SearchError.unreadableState(detail: "phase '\(record.phase)'")
    }
    do {
      generator = try decoder.decode(SeededGenerator.self, from: Data(record.generator.utf8))
      population = try decoder.decode(Population.self, from: Data(record.population.utf8))
    } catch {
      throw SearchError.unreadableState(detail: "generation \(record.number)")
    }
    generation = record.number
    self.phase = phase
    proposals = record.proposals
  }

  func record() throws -> GenerationRecord {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return GenerationRecord(
      number: generation, phase: phase.rawValue, proposals: proposals,
      generator: String(decoding: try encoder.encode(generator), as: UTF8.self),
      population: String(decoding: try encoder.encode(population), as: UTF8.self))
  }
}
