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
}
