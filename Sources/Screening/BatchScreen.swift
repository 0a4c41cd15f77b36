import Formulas

/// Parses, canonicalizes and verifies many formulas over shared probes, on as many cores as wanted.
///
/// Every text gets one result, in the order of the texts. Of the formulas with one canonical form only the first is
/// verified; the others are its duplicates. The results do not depend on the number of workers. The steps can be called
/// one by one as well, so that each can be timed.
public struct BatchScreen: Sendable {
  public let verifier: Verifier

  /// Builds the probes once; the same for every formula.
  public init(_ settings: VerificationSettings = .standard) { verifier = Verifier(settings) }

  /// A formula to be screened, as text.
  public struct Candidate: Sendable, Hashable {
    public var mode: Mode
    public var text: String

    public init(mode: Mode, text: String) { (self.mode, self.text) = (mode, text) }
  }

  /// A candidate that was read.
  public enum Reading: Sendable, Hashable {
    case formula(Formula, Mode)
    case unreadable(FormulaError)
  }

  /// Screens texts.
  /// - Parameter workers: the number of threads; 1 when less.
  /// - Returns: one result for each candidate, in their order.
  public func screen(_ candidates: [Candidate], workers: Int = 1) -> [ScreenResult] {
    results(of: read(candidates, workers: workers), workers: workers)
  }

  /// Screens formulas of one mode.
  /// - Parameter workers: the number of threads; 1 when less.
  /// - Returns: one result for each formula, in their order.
  public func screen(_ formulas: [Formula], mode: Mode, workers: Int = 1) -> [ScreenResult] {
    let checked = Share(formulas.count, among: workers).map(worker: {}) { index, _ in
      do throws(FormulaError) {
        _ = try formulas[index].nodeShapes(in: mode)
        return Reading.formula(formulas[index], mode)
      } catch {
        return .unreadable(error)
      }
    }
    return results(of: checked, workers: workers)
  }

  /// First step: reads texts and checks names and shapes.
  public func read(_ candidates: [Candidate], workers: Int = 1) -> [Reading] {
    Share(candidates.count, among: workers).map(worker: {}) { index, _ in
      let candidate = candidates[index]
      do throws(FormulaError) {
        return .formula(try Formula(parsing: candidate.text, mode: candidate.mode), candidate.mode)
      } catch {
        return .unreadable(error)
      }
    }
  }

  /// Second step: for each formula the place of the first with its canonical form, its own where it is the first; nil where
  /// there is no formula.
  public func firstPlaces(of readings: [Reading], workers: Int = 1) -> [Int?] {
    let forms: [Formula?] = Share(readings.count, among: workers).map(worker: Canonicalizer.init) {
      index, canonicalizer in
      guard case .formula(let formula, let mode) = readings[index] else { return nil }
      return canonicalizer.canonicalForm(ofChecked: formula, in: mode).formula
    }
    var seen = FirstPlaces(capacity: readings.count)
    return readings.indices.map { index in
      guard let form = forms[index], case .formula(_, let mode) = readings[index] else { return nil }
      return seen.first(of: form, mode: mode, at: index)
    }
  }

  /// Third step: verifies what stands first of its canonical form; nil for the rest.
  /// - Parameter firsts: what `firstPlaces` returned.
  public func verdicts(on readings: [Reading], firsts: [Int?], workers: Int = 1) -> [Verdict?] {
    Share(readings.count, among: workers).map(worker: verifier.makeEvaluator) { index, evaluator in
      guard firsts[index] == index, case .formula(let formula, let mode) = readings[index] else { return nil }
      return verifier.verify(formula, mode: mode, evaluator)
    }
  }

  private func results(of readings: [Reading], workers: Int) -> [ScreenResult] {
    let firsts = firstPlaces(of: readings, workers: workers)
    let verdicts = verdicts(on: readings, firsts: firsts, workers: workers)
    return readings.indices.map { index in
      switch readings[index] {
      case .unreadable(let error): return .unreadable(error)
      case .formula:
        if let first = firsts[index], first != index { return .duplicate(of: first) }
        return verdicts[index]?.rejection.map(ScreenResult.rejected) ?? .passed
      }
    }
  }
}
