import Evolution
import Formulas
import Foundation
import Screening
import Serving

/// Parse, canonicalize and verify for a fixed sample of random formulas.
final class ScreeningRace {
  let samples: [FormulaSample]
  private let candidates: [BatchScreen.Candidate]
  private let screen = BatchScreen()

  /// Formulas of `detection-twostage`, seed 1.
  init(count: Int) {
    samples = FormulaSample.detectionTwoStage(count, seed: 1)
    candidates = samples.map { BatchScreen.Candidate(mode: $0.mode, text: $0.text) }
  }

  /// One formula a line: the mode and the text.
  func writeFormulas(to path: String) throws {
    let lines = samples.map { "\($0.mode.rawValue) \($0.text)\n" }
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: path))
  }

  /// What judging all of them took, in seconds, and what came out.
  struct Result: Encodable {
    let seconds: Double
    /// Of these, reading the texts, finding the canonical forms, and verifying.
    let parse: Double
    let canonicalize: Double
    let verify: Double
    let passed: Int
    /// Formulas whose canonical form had come before.
    let duplicates: Int
  }

  /// Judges all formulas.
  /// - Parameter skippingDuplicates: verifies the first of each canonical form alone, as a search does; else every formula.
  func run(workers: Int, skippingDuplicates: Bool) -> Result {
    let clock = ContinuousClock()
    let session = ScreeningSession(screen, workers: workers, verifiesDuplicates: !skippingDuplicates)
    let start = clock.now
    let results = session.screen(candidates)
    let end = clock.now
    return Result(
      seconds: (end - start).seconds, parse: session.seconds.parse, canonicalize: session.seconds.canonicalize,
      verify: session.seconds.verify, passed: results.count { $0 == .passed }, duplicates: session.duplicates)
  }
}
