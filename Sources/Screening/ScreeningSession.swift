import Formulas

/// Screens texts as they come, and remembers every canonical form met; for one caller at a time.
public final class ScreeningSession {
  /// What the steps took so far, in seconds.
  public struct Seconds: Sendable, Hashable {
    public internal(set) var parse = 0.0
    public internal(set) var canonicalize = 0.0
    public internal(set) var verify = 0.0
  }

  public private(set) var seconds = Seconds()
  /// Formulas so far whose canonical form had come before.
  public private(set) var duplicates = 0
  private let verifier: Verifier
  private let workers: Int
  private let verifiesDuplicates: Bool
  private let canonicalizers = WaitingPool { Canonicalizer() }
  private var seen = FirstPlaces()
  /// Texts so far.
  private var count = 0

  /// Texts that go through the steps together, for each worker: few enough to stay in its caches.
  private static let chunk = 512

  /// - Parameters:
  ///   - workers: the number of threads; 1 when less.
  ///   - verifiesDuplicates: whether every formula gets a verdict of its own, whatever came before.
  public init(_ screen: BatchScreen, workers: Int = 1, verifiesDuplicates: Bool = false) {
    verifier = screen.verifier
    self.workers = max(1, workers)
    self.verifiesDuplicates = verifiesDuplicates
  }

  private enum Reading: Sendable {
    case formula(Formula, Mode)
    /// Indirect, so that readings are small.
    indirect case unreadable(FormulaError)
  }

  /// What tells a canonical form; the form itself where one with the hash came in an earlier chunk.
  private struct Identity: Sendable {
    let hash: UInt64
    let form: Formula?
  }

  /// Screens texts.
  /// - Returns: one result for each candidate, in their order; places of duplicates count from the session's first text.
  public func screen(_ candidates: [BatchScreen.Candidate]) -> [ScreenResult] {
    results(for: candidates.count) { index in
      let candidate = candidates[index]
      do throws(FormulaError) {
        return .formula(try Formula(parsing: candidate.text, mode: candidate.mode), candidate.mode)
      } catch {
        return .unreadable(error)
      }
    }
  }

  /// Screens formulas of one mode.
  /// - Returns: as for texts.
  public func screen(_ formulas: [Formula], mode: Mode) -> [ScreenResult] {
    results(for: formulas.count) { index in
      do throws(FormulaError) {
        _ = try formulas[index].nodeShapes(in: mode)
        return .formula(formulas[index], mode)
      } catch {
        return .unreadable(error)
      }
    }
  }

  private func results(for total: Int, read: @Sendable (Int) -> Reading) -> [ScreenResult] {
    var results: [ScreenResult] = []
    results.reserveCapacity(total)
    for start in stride(from: 0, to: total, by: Self.chunk * workers) {
      let length = min(Self.chunk * workers, total - start)
      results += resultsOfChunk(length) { read(start + $0) }
    }
    return results
  }

  /// Takes a chunk through the steps.
  private func resultsOfChunk(_ length: Int, read: @Sendable (Int) -> Reading) -> [ScreenResult] {
    let clock = ContinuousClock()
    let start = clock.now
    let readings = Share(length, among: workers).map { read($0) }
    let parsed = clock.now
    let firsts = firstPlaces(of: readings)
    let canonicalized = clock.now
    let results = results(of: readings, firsts: firsts)
    seconds.parse += (parsed - start).inSeconds
    seconds.canonicalize += (canonicalized - parsed).inSeconds
    seconds.verify += (clock.now - canonicalized).inSeconds
    count += length
    return results
  }

  /// For each formula the place of the first with its canonical form, its own where it is the first or is no formula.
  private func firstPlaces(of readings: [Reading]) -> [Int] {
    let identities = identities(of: readings)
    let canonicalizer = canonicalizers.take()
    defer { canonicalizers.put(canonicalizer) }
    return readings.indices.map { index in
      let place = count + index
      guard case .formula(let formula, let mode) = readings[index] else { return place }
      let first = seen.first(
        of: formula, hash: identities[index].hash, form: identities[index].form, mode: mode, at: place, canonicalizer)
      if first != place { duplicates += 1 }
      return first
    }
  }

  private func identities(of readings: [Reading]) -> [Identity] {
    let seen = seen
    return Share(readings.count, among: workers).map(canonicalizers) { index, canonicalizer in
      guard case .formula(let formula, let mode) = readings[index] else { return Identity(hash: 0, form: nil) }
      let hash = canonicalizer.canonicalHash(ofChecked: formula, in: mode)
      guard seen.mayKnow(hash, mode: mode) else { return Identity(hash: hash, form: nil) }
      return Identity(hash: hash, form: canonicalizer.canonicalForm(ofChecked: formula, in: mode).formula)
    }
  }

  /// What becomes of the formulas: verified is what stands first of its canonical form, or everything.
  private func results(of readings: [Reading], firsts: [Int]) -> [ScreenResult] {
    let (verifier, verifiesDuplicates, count) = (verifier, verifiesDuplicates, count)
    return Share(readings.count, among: workers).map(verifier.evaluators) { index, evaluator in
      switch readings[index] {
      case .unreadable(let error): return .unreadable(error)
      case .formula(let formula, let mode):
        guard verifiesDuplicates || firsts[index] == count + index else { return .duplicate(of: firsts[index]) }
        return verifier.verify(formula, mode: mode, evaluator).rejection.map(ScreenResult.rejected) ?? .passed
      }
    }
  }
}

extension Duration {
  fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
