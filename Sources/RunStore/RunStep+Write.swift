import Foundation
import GRDB

/// The one place that writes rows of a run.
extension RunStep {
  func write(to database: Database) throws {
    for candidate in candidates { try Self.insert(candidate, into: database) }
    for verdict in verdicts {
      try database.execute(
        sql: "UPDATE candidates SET stage = ?, rejection_code = ?, rejection_message = ? WHERE id = ?",
        arguments: [verdict.stage, verdict.rejection?.code, verdict.rejection?.message, verdict.candidate])
    }
    for score in scores { try Self.insert(score, into: database) }
    if let generation {
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO generations (number, phase, proposals, generator, population) VALUES (?, ?, ?, ?, ?)
          """,
        arguments: [
          generation.number, generation.phase, generation.proposals, generation.generator, generation.population,
        ])
    }
    for name in facts.keys.sorted() {
      try database.execute(
        sql: "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", arguments: [name, facts[name]])
    }
  }

  private static func insert(_ candidate: CandidateRecord, into database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO candidates (id, generation, branch, classification, regression, canonical, fingerprint, origin,
          parents, nodes, stage, rejection_code, rejection_message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        candidate.id, candidate.generation, candidate.branch, candidate.classification, candidate.regression,
        candidate.canonical, candidate.fingerprint, candidate.origin,
        candidate.parents.map(String.init).joined(separator: " "), candidate.nodes, candidate.stage,
        candidate.rejection?.code, candidate.rejection?.message,
      ])
  }

  private static func insert(_ score: ScoreRecord, into database: Database) throws {
    let columns = try OutcomeColumns(score.outcome)
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO scores (key, purpose, seed, ap, ap50, ap75, diverged_step, seconds, measures)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        score.key, score.purpose, String(score.seed), columns.ap, columns.ap50, columns.ap75, columns.divergedStep,
        score.seconds, columns.measures,
      ])
  }
}
