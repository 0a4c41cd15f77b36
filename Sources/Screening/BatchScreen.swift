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

  /// A candidate that is a formula of its mode.
  public struct Parsed: Sendable, Hashable {
    public let mode: Mode
    public let formula: Formula
  }

  /// Screens texts.
  /// - Parameter workers: the number of threads; 1 when less.
  /// - Returns: one result for each candidate, in their order.
  public func screen(_ candidates: [Candidate], workers: Int = 1) -> [ScreenResult] {
    results(of: parse(candidates, workers: workers), workers: workers)
  }

  /// Screens formulas of one mode.
  /// - Parameter workers: the number of threads; 1 when less.
  /// - Returns: one result for each formula, in their order.
  public func screen(_ formulas: [Formula], mode: Mode, workers: Int = 1) -> [ScreenResult] {
    let checked = Share(formulas.count, among: workers).map(worker: {}) { index, _ in
      Result<Parsed, FormulaError> { () throws(FormulaError) in
        _ = try formulas[index].nodeShapes(in: mode)
        return Parsed(mode: mode, formula: formulas[index])
      }
    }
    return results(of: checked, workers: workers)
  }

  /// First step: reads texts and checks names and shapes.
  public func parse(_ candidates: [Candidate], workers: Int = 1) -> [Result<Parsed, FormulaError>] {
    Share(candidates.count, among: workers).map(worker: {}) { index, _ in
      Result { () throws(FormulaError) in
        let candidate = candidates[index]
        return Parsed(mode: candidate.mode, formula: try Formula(parsing: candidate.text, mode: candidate.mode))
      }
    }
  }

  /// Second step: for each formula the place of the first with its canonical form, its own where it is the first; nil where
  /// there is no formula.
  public func firstPlaces(of parsed: [Result<Parsed, FormulaError>], workers: Int = 1) -> [Int?] {
    let forms: [CanonicalForm?] = Share(parsed.count, among: workers).map(worker: Canonicalizer.init) {
      index, canonicalizer in
      guard case .success(let candidate) = parsed[index] else { return nil }
      return canonicalizer.canonicalForm(ofChecked: candidate.formula, in: candidate.mode)
    }
    var seen = FirstPlaces(capacity: parsed.count)
    return parsed.indices.map { index in
      guard let form = forms[index], case .success(let candidate) = parsed[index] else { return nil }
      return seen.first(of: form.formula, mode: candidate.mode, at: index)
    }
  }

  /// Third step: verifies what stands first of its canonical form; nil for the rest.
  /// - Parameter firsts: what `firstPlaces` returned.
  public func verdicts(on parsed: [Result<Parsed, FormulaError>], firsts: [Int?], workers: Int = 1) -> [Verdict?] {
    Share(parsed.count, among: workers).map(worker: verifier.makeEvaluator) { index, evaluator in
      guard firsts[index] == index, case .success(let candidate) = parsed[index] else { return nil }
      return verifier.verify(candidate.formula, mode: candidate.mode, evaluator)
    }
  }

  private func results(of parsed: [Result<Parsed, FormulaError>], workers: Int) -> [ScreenResult] {
    let firsts = firstPlaces(of: parsed, workers: workers)
    let verdicts = verdicts(on: parsed, firsts: firsts, workers: workers)
    return parsed.indices.map { index in
      switch parsed[index] {
      case .failure(let error): return .unreadable(error)
      case .success:
        if let first = firsts[index], first != index { return .duplicate(of: first) }
        return verdicts[index]?.rejection.map(ScreenResult.rejected) ?? .passed
      }
    }
  }
}
