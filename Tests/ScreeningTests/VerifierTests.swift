import Formulas
import Losses
import Randomness
import Screening
import Testing

@Suite struct VerifierTests {
  static let verifier = Verifier()

  @Test func theTablesAreLargeEnough() {
    #expect(knownGood.count >= 20)
    #expect(knownBad.count >= 40)
    for mode in Mode.allCases {
      #expect(knownGood.contains { $0.mode == mode })
      #expect(knownBad.contains { $0.mode == mode })
    }
  }

  @Test(arguments: knownGood) func knownGoodPass(loss: NamedLoss) throws {
    let verdict = Self.verifier.verify(try loss.formula(), mode: loss.mode)
    #expect(verdict == .pass, "\(verdict.rejection?.message ?? "")")
  }

  @Test(arguments: knownBad) func knownBadFailForTheirReason(loss: NamedLoss) throws {
    let verdict = Self.verifier.verify(try loss.formula(), mode: loss.mode)
    let rejection = try #require(verdict.rejection, "passes")
    #expect(rejection.code == loss.code, "\(rejection.message)")
    #expect(rejection.stage == .verify)
    #expect(!rejection.message.isEmpty)
  }
}
