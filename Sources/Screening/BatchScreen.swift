import Formulas

/// Parses, canonicalizes and verifies many formulas over shared probes, on as many cores as wanted.
///
/// Every text gets one result, in the order of the texts. Of the formulas with one canonical form only the first is
/// verified; the others are its duplicates. The results do not depend on the number of workers. `ScreeningSession` takes
/// texts as they come and tells the time of each step.
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

  /// Screens texts.
  /// - Parameter workers: the number of threads; 1 when less.
  /// - Returns: one result for each candidate, in their order.
  public func screen(_ candidates: [Candidate], workers: Int = 1) -> [ScreenResult] {
    ScreeningSession(self, workers: workers).screen(candidates)
  }

  /// Screens formulas of one mode.
  /// - Parameter workers: the number of threads; 1 when less.
  /// - Returns: one result for each formula, in their order.
  public func screen(_ formulas: [Formula], mode: Mode, workers: Int = 1) -> [ScreenResult] {
    ScreeningSession(self, workers: workers).screen(formulas, mode: mode)
  }
}
