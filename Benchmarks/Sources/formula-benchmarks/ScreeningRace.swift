import Evolution
import Formulas
import Foundation
import Screening
import Serving

/// Parse, canonicalize and verify for a fixed sample of random formulas.
final class ScreeningRace {
  let samples: [FormulaSample]
  private let screen = BatchScreen()
  private let candidates: [BatchScreen.Candidate]

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

  /// What judging all of them took.
  struct Result: Encodable {
    /// Seconds in all.
    var seconds = 0.0
    /// Of these, reading the text, writing the canonical form, and verifying.
    var parse = 0.0
    var canonicalize = 0.0
    var verify = 0.0
    var passed = 0
    var workers = 1
  }

  /// All formulas on this thread, in one call; then step by step for the shares.
  func run() -> Result {
    var result = timed(workers: 1)
    let clock = ContinuousClock()
    var mark = clock.now
    func lap() -> Double {
      let now = clock.now
      defer { mark = now }
      return (now - mark).seconds
    }
    let parsed = screen.parse(candidates)
    result.parse = lap()
    let firsts = screen.firstPlaces(of: parsed)
    result.canonicalize = lap()
    _ = screen.verdicts(on: parsed, firsts: firsts)
    result.verify = lap()
    return result
  }

  /// The same on all cores.
  func runOnAllCores() -> Result { timed(workers: ProcessInfo.processInfo.activeProcessorCount) }

  private func timed(workers: Int) -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let results = screen.screen(candidates, workers: workers)
    var result = Result()
    result.seconds = (clock.now - start).seconds
    result.passed = results.count { $0 == .passed }
    result.workers = workers
    return result
  }
}
