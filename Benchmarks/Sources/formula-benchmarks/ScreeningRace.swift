import Evolution
import Formulas
import Foundation
import Screening
import Serving

/// Parse, canonicalize and verify for a fixed sample of random formulas.
final class ScreeningRace {
  let samples: [FormulaSample]
  private let verifier = Verifier()

  /// Formulas of `detection-twostage`, seed 1.
  init(count: Int) {
    samples = FormulaSample.detectionTwoStage(count, seed: 1)
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

  /// All formulas, one after the other, on this thread.
  func run() -> Result {
    var result = Result()
    let clock = ContinuousClock()
    let start = clock.now
    var mark = start
    func lap() -> Double {
      let now = clock.now
      defer { mark = now }
      return (now - mark).seconds
    }
    for sample in samples {
      let formula = try? Formula(parsing: sample.text, mode: sample.mode)
      result.parse += lap()
      guard let formula else { continue }
      let canonical = formula.canonical(in: sample.mode)
      result.canonicalize += lap()
      if verifier.verify(formula, mode: sample.mode).passed, canonical.nodeCount > 0 { result.passed += 1 }
      result.verify += lap()
    }
    result.seconds = (clock.now - start).seconds
    return result
  }

  /// The same on all cores.
  func runOnAllCores() -> Result {
    run()
  }
}
