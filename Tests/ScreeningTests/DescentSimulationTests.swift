import Formulas
import Screening
import Testing

@Suite struct DescentSimulationTests {
  static let simulation = DescentSimulation()

  @Test(arguments: knownGood) func knownGoodReachTheTarget(loss: NamedLoss) throws {
    let verdict = Self.simulation.run(try loss.formula(), mode: loss.mode)
    #expect(verdict == .pass, "\(verdict.rejection?.message ?? "")")
  }

  @Test(arguments: stuckInDescent) func descentSeesWhatVerificationCannot(loss: NamedLoss) throws {
    let formula = try loss.formula()
    let verified = Verifier().verify(formula, mode: loss.mode)
    #expect(verified == .pass, "\(verified.rejection?.message ?? "")")
    let rejection = try #require(Self.simulation.run(formula, mode: loss.mode).rejection, "passes")
    #expect(rejection.code == "simulationMissedTarget", "\(rejection.message)")
    #expect(rejection.stage == .simulate)
  }

  /// The report runs the same descents to their ends, so its verdict and figures are those of `run`.
  @Test(arguments: knownGood + stuckInDescent) func theReportAgreesWithTheVerdict(loss: NamedLoss) throws {
    let formula = try loss.formula()
    let report = Self.simulation.report(formula, mode: loss.mode)
    #expect(report.rejection == Self.simulation.run(formula, mode: loss.mode).rejection)
    #expect(report.runs.count == 2 && report.passed == report.runs.allSatisfy(\.passed))
    for run in report.runs {
      #expect(run.curve.count == run.ending.steps + 1 && run.ending.steps <= run.stepLimit, "\(run)")
      #expect(run.curve.allSatisfy { (0...1).contains($0) }, "\(run)")
      #expect(run.start == run.curve.first && run.end == run.curve.last && run.best.level >= run.end)
      if let required = run.required { #expect(run.passed == (run.end >= required), "\(run)") }
      #expect(run.startLoss.isFinite && run.endLoss.isFinite && !run.groups.isEmpty, "\(run)")
      #expect((run.arrived ?? 0) <= run.count && run.reference != nil, "\(run)")
    }
    if let rejection = report.rejection {
      let reached = report.runs.first { !$0.passed }?.end
      guard case .simulationMissedTarget(let end, _, _) = rejection else {
        Issue.record("\(rejection.message)")
        return
      }
      #expect(end == reached)
    }
    let text = report.section.text
    #expect(text.contains(report.passed ? "every run does what is asked" : "rejected") && text.contains(" of 120"))
  }

  @Test func theReportTellsHowARunEnds() throws {
    let flat = Self.simulation.report(try Formula(grammar: "Dot(Y,Sub(X,X))"), mode: .multiClass)
    #expect(flat.runs.first?.ending == .noGradient(step: 0) && flat.runs.first?.effectiveSamples == nil)
    let broken = Self.simulation.report(try Formula(grammar: "Sqrt(Neg(U))"), mode: .regression)
    #expect(broken.runs.first?.ending == .notFinite(step: 0) && broken.rejection?.code == "simulationNotFinite")
    #expect(!broken.section.text.contains("-nan"), "\(broken.section.text)")
    let mixed = Self.simulation.report(try Formula(grammar: "2"), mode: .regression)
    #expect(mixed.runs.isEmpty && mixed.rejection?.code == "notPerSample" && !mixed.section.lines.isEmpty)
  }
}
