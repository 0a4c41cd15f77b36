import Evolution
import Formulas
import Screening
import Testing

@Suite struct BatchScreenTests {
  static let screen = BatchScreen()
  static let candidates = FormulaSample.detectionTwoStage(1_500, seed: 5).map {
    BatchScreen.Candidate(mode: $0.mode, text: $0.text)
  }

  @Test func everyTextGetsWhatTheStepsSayOneByOne() throws {
    let broken = [
      BatchScreen.Candidate(mode: .multiClass, text: "Neg(Dot(Y,Log(Softmax(X)))"),
      BatchScreen.Candidate(mode: .regression, text: "Sub(1,Div(I,X))"),
      BatchScreen.Candidate(mode: .binaryClass, text: ""),
      BatchScreen.Candidate(mode: .multiClass, text: "Neg(Dot(Log(Softmax(X)),Y))"),
      BatchScreen.Candidate(mode: .multiClass, text: "Neg(Dot(Y,Log(Softmax(X))))"),
      BatchScreen.Candidate(mode: .binaryClass, text: "Sub(Softplus(X),Mul(PY,X))"),
    ]
    let candidates = broken + Self.candidates
    let results = Self.screen.screen(candidates)
    #expect(results.count == candidates.count)
    var firsts: [String: Int] = [:]
    for (index, candidate) in candidates.enumerated() {
      let label = "candidate \(index) of seed 5: \(candidate.mode.rawValue) \(candidate.text)"
      do throws(FormulaError) {
        let formula = try Formula.parsePlainly(candidate.text, mode: candidate.mode).formula
        let key = candidate.mode.rawValue + CanonicalForm(formula, in: candidate.mode).formula.description
        if let first = firsts[key] {
          #expect(results[index] == .duplicate(of: first), "\(label)")
          #expect(results[index].step == .canonicalize)
        } else {
          firsts[key] = index
          let verdict = Self.screen.verifier.verify(formula, mode: candidate.mode)
          #expect(results[index] == verdict.rejection.map(ScreenResult.rejected) ?? .passed, "\(label)")
          #expect(results[index].step == .verify)
        }
      } catch {
        #expect(results[index] == .unreadable(error), "\(label)")
        #expect(results[index].step == .parse)
      }
    }
    let counts = ScreenCounts(results)
    #expect(counts.unreadable == 3)
    #expect(counts.duplicate > 100)
    #expect(counts.passed > 1)
    #expect(counts.unreadable + counts.duplicate + counts.passed + counts.rejected.values.reduce(0, +) == results.count)
  }

  /// A number chosen so that the hash of its form is that of a variable: forms decide, not hashes.
  @Test(arguments: [
    (Mode.binaryClass, "Mul(%,Softplus(X))", "X", "1.4071537813979774e+146"),
    (.binaryClass, "Add(%,Softplus(X))", "Q", "1.4071537813979768e+146"),
    (.regression, "Add(%,Div(I,U))", "U", "1.407153781397976e+146"),
  ])
  func formsWithOneHashAreTwo(mode: Mode, text: String, variable: String, number: String) throws {
    let pair = try [variable, number].map { try Formula(parsing: text.replacing("%", with: $0), mode: mode) }
    let canonicalizer = Canonicalizer()
    let hashes = pair.map { canonicalizer.canonicalHash(ofChecked: $0, in: mode) }
    #expect(hashes[0] == hashes[1] && pair[0].canonical(in: mode) != pair[1].canonical(in: mode))
    let results = Self.screen.screen(pair + pair + pair, mode: mode)
    for (place, result) in results.enumerated() {
      #expect((result == .duplicate(of: place % 2)) == (place > 1), "\(place): \(result)")
    }
  }

  @Test(arguments: [0, 2, 3, 8]) func theNumberOfWorkersChangesNothing(workers: Int) {
    #expect(Self.screen.screen(Self.candidates, workers: workers) == Self.screen.screen(Self.candidates))
  }

  @Test func aSessionRemembersWhatCameBefore() {
    let session = ScreeningSession(Self.screen, workers: 2)
    let halves =
      session.screen(Array(Self.candidates.prefix(700))) + session.screen(Array(Self.candidates.dropFirst(700)))
    let whole = Self.screen.screen(Self.candidates)
    #expect(halves == whole)
    #expect(session.duplicates == ScreenCounts(whole).duplicate)
    #expect(session.seconds.parse > 0 && session.seconds.canonicalize > 0 && session.seconds.verify > 0)
  }

  @Test func aSessionCanJudgeDuplicatesToo() {
    let session = ScreeningSession(Self.screen, verifiesDuplicates: true)
    for (candidate, result) in zip(Self.candidates, session.screen(Self.candidates)) {
      guard let formula = try? Formula(parsing: candidate.text, mode: candidate.mode) else {
        #expect(result.step == .parse)
        continue
      }
      let verdict = Self.screen.verifier.verify(formula, mode: candidate.mode)
      #expect(result == verdict.rejection.map(ScreenResult.rejected) ?? .passed, "\(candidate.text)")
    }
    #expect(session.duplicates > 100)
  }

  @Test func formulasGetTheResultsOfTheirTexts() throws {
    let texts = Self.candidates.filter { $0.mode == .regression }
    let formulas = try texts.map { try Formula(parsing: $0.text, mode: .regression) }
    #expect(Self.screen.screen(formulas, mode: .regression, workers: 2) == Self.screen.screen(texts))
    #expect(Self.screen.screen(formulas, mode: .multiClass).allSatisfy { $0.step == .parse })
  }

  @Test func anEmptyBatchHasNoResults() {
    #expect(Self.screen.screen([BatchScreen.Candidate]()) == [])
  }
}
