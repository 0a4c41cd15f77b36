import Foundation
import Screening
import Testing

@Suite struct VocabularyTests {
  static let probe = Probe.boxes(family: .shift, path: 2, width: 64, height: 48, progress: 0.5)
  static let rejections: [Rejection] = [
    .duplicate(of: "Neg(U)"), .familyDuplicate(of: "Neg(U)"), .notPerSample(found: "perElement", expected: "perSample"),
    .batchCoupled(node: "Dot(X,Y)"), .independentOfPrediction, .nonFinite(.gradient, .float, probe),
    .tooLarge(value: 2e6, limit: 1e6, probe), .notMonotone(.fallsTowardsTarget, probe, slope: 0.25),
    .minimumOffTarget(.leastAtTarget, probe, excess: 1e-9),
    .simulationMissedTarget(reached: 0.51234, required: 0.9, samples: "32 boxes"),
    .simulationNotFinite(step: 3, samples: "32 boxes"), .detectorBelowThreshold(score: 0.1, threshold: 0.25),
    .passedOver(position: 25, tried: 24), .notAmongBest(rank: 9, kept: 8), .diverged(step: 17), .timedOut(seconds: 60),
    .quarantined(attempts: 2),
  ]

  @Test func codesAreStableAndComplete() {
    #expect(Self.rejections.map(\.code) == Rejection.codes)
    #expect(Set(Rejection.codes).count == Rejection.codes.count)
    #expect(
      Stage.allCases.map(\.rawValue) == ["parse", "canonicalize", "verify", "simulate", "proxy", "select", "report"])
  }

  @Test(arguments: rejections) func rejectionsSurviveCodingAndReadWell(rejection: Rejection) throws {
    let data = try JSONEncoder().encode(rejection)
    #expect(try JSONDecoder().decode(Rejection.self, from: data) == rejection)
    #expect(!rejection.message.isEmpty && !rejection.message.contains("\n"))
    let verdict = Verdict.reject(rejection)
    #expect(try JSONDecoder().decode(Verdict.self, from: try JSONEncoder().encode(verdict)) == verdict)
  }

  @Test func numbersInMessagesAreShort() {
    #expect(
      Rejection.simulationMissedTarget(reached: 0.512345, required: 0.9, samples: "32 boxes").message
        == "descent on 32 boxes reached 0.5123, needed is 0.9")
    #expect(
      Rejection.tooLarge(value: 2_123_456, limit: 1e6, Self.probe).message
        == "the value 2123000 is not below 1000000 in size at boxes(shift 2, target 64x48 px, 50 % of the way)")
  }

  @Test func settingsSurviveCodingWithEveryKey() throws {
    func check<Settings: Codable & Hashable>(_ settings: Settings) throws {
      let data = try JSONEncoder().encode(settings)
      #expect(try JSONDecoder().decode(Settings.self, from: data) == settings)
      let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
      #expect(Set(keys) == Set(Mirror(reflecting: settings).children.compactMap(\.label)))
    }
    try check(VerificationSettings.standard)
    try check(SimulationSettings.standard)
    #expect(VerificationSettings.standard.problems == [])
    #expect(SimulationSettings.standard.problems == [])
  }

  @Test func contradictorySettingsAreNamed() {
    var verification = VerificationSettings()
    verification.classCounts = [1]
    verification.qualities = [0.5, 0.1]
    verification.overlaps = [0]
    verification.targetSizes = [[8]]
    #expect(verification.problems.count == 4, "\(verification.problems)")
    var simulation = SimulationSettings()
    simulation.steps = 0
    simulation.requiredOverlap = 1
    #expect(simulation.problems.count == 2, "\(simulation.problems)")
  }
}
