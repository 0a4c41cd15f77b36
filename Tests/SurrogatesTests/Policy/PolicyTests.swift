import Foundation
import GoldenData
import Randomness
import Surrogates
import Testing

/// The policy draws and learns as the original does.
@Suite struct PolicyTests {
  private func rows(_ kind: String) throws -> [GoldenValue] {
    try GoldenFile("asl.jsonl").rows().filter { $0["kind"].string == kind }
  }

  private func policy(_ row: GoldenValue, numbers: Int) throws -> ThetaPolicy {
    var settings = PolicySettings()
    settings.means = row["cfg_mu"].floats.map(Double.init)
    settings.deviations = row["cfg_sigma"].floats.map(Double.init)
    try #require(settings.problems(numbers: numbers).isEmpty)
    return ThetaPolicy(settings, numbers: numbers)
  }

  @Test func thetasOfTheGoldenRowsAreDrawn() throws {
    let rows = try rows("sample")
    #expect(rows.count == 12)
    for (index, row) in rows.enumerated() {
      let numbers = try #require(row["num_theta"].int)
      let policy = try policy(row, numbers: numbers)
      for (found, expected) in zip(policy.logits, row["mu_x64"].doubles) {
        #expect(abs(found - expected) <= 1e-6, "row \(index)")
      }
      let isFirstTheMean = row["with_baseline"].bool == true
      var thetas = isFirstTheMean ? [policy.means] : []
      for uniform in try #require(row["uniform"].array) {
        thetas.append(policy.theta(uniform: uniform.floats.map(Double.init)))
      }
      let expected = row["theta64"].doubles
      try #require(expected.count == thetas.count * numbers)
      for (place, (found, reference)) in zip(thetas.joined(), expected).enumerated() {
        #expect(abs(found - reference) <= 5e-6, "row \(index), \(place): \(found), reference \(reference)")
      }
      let pieces = try #require(row["num_pieces"].int)
      let points = thetas.flatMap { StickBreaking.controlPoints($0, curves: numbers / (2 * (2 * pieces - 1))) }
      for (found, reference) in zip(points, row["theta_ctrl64"].doubles) {
        #expect(abs(found - reference) <= 5e-6, "row \(index): control point \(found), reference \(reference)")
      }
    }
  }

  @Test func theGoldenUpdatesAreReproduced() throws {
    let rows = try rows("ppo")
    #expect(rows.count == 7)
    for row in rows {
      let name = row["name"].string ?? ""
      let numbers = try #require(row["num_theta"].int)
      var settings = PolicySettings()
      settings.baseline = try #require(RewardBaseline(rawValue: row["baseline"].string ?? ""))
      settings.clip = try #require(row["clip_eps"].double)
      settings.learningRate = try #require(row["mu_lr"].double)
      settings.schedule =
        row["lr_lambda"].isNull ? .constant : try #require(.init(rawValue: row["lr_lambda"].string ?? ""))
      settings.updates = try #require(row["update_per_sample"].int)
      let generations = try #require(row["thetas"].array)
      var learner = PolicyLearner(try policy(row, numbers: numbers))
      var (visited, gradients) = ([learner.policy.logits], [[Double]]())
      for (generation, thetas) in generations.enumerated() {
        learner.learn(
          thetas: try #require(thetas.array).map { $0.floats.map(Double.init) },
          rewards: row["rewards"][generation].floats.map(Double.init), settings: settings, generation: generation,
          generations: generations.count
        ) { learner, gradient in
          visited.append(learner.policy.logits)
          gradients.append(gradient)
        }
        let rate = settings.learningRate * settings.schedule.factor(generation: generation, of: generations.count)
        #expect(abs(rate - (row["lr_of_step"][generation * settings.updates].double ?? .nan)) <= 1e-12, "\(name)")
      }
      #expect(learner.steps == row["lr_of_step"].doubles.count && visited.count == learner.steps + 1)
      for (index, step) in row["steps_kept"].doubles.map({ Int($0) }).enumerated() {
        compare(visited[step], row["mu_x64"][index].doubles, step <= 4 ? 1e-5 : 1e-2, "\(name), mu_x at \(step)")
      }
      for (index, step) in row["grad_steps_kept"].doubles.map({ Int($0) }).enumerated() {
        // Gradients are numbered from 0: the first is taken at the first logits.
        compare(gradients[step], row["grad64"][index].doubles, step < 4 ? 1e-5 : 1e-2, "\(name), gradient \(step)")
      }
    }
  }

  private func compare(_ found: [Double], _ expected: [Double], _ tolerance: Double, _ name: String) {
    #expect(found.count == expected.count, "\(name)")
    for (place, (value, reference)) in zip(found, expected).enumerated() {
      #expect(abs(value - reference) <= tolerance, "\(name)[\(place)]: \(value), reference \(reference)")
    }
  }

  @Test func theGradientIsThatOfDifferences() {
    for seed in UInt64(1)...40 {
      var generator = SeededGenerator(seed: seed)
      let numbers = 4
      let start = ThetaPolicy(
        means: (0..<numbers).map { _ in generator.uniform(0.05, 0.95) },
        deviations: (0..<numbers).map { _ in generator.uniform(0.05, 0.4) })
      let baseline: RewardBaseline = seed % 2 == 0 ? .policyMean : .sampleMean
      let thetas = start.draw(6, baseline: baseline, from: &generator)
      let update = PolicyUpdate(
        policy: start, thetas: thetas, rewards: thetas.map { _ in generator.uniform() }, baseline: baseline, clip: 0.2)
      var moved = start
      for number in 0..<numbers { moved.logits[number] += generator.uniform(-0.3, 0.3) }
      let gradient = update.gradient(moved)
      for number in 0..<numbers {
        let step = 1e-6
        var (above, below) = (moved, moved)
        above.logits[number] += step
        below.logits[number] -= step
        let difference = (update.loss(above) - update.loss(below)) / (2 * step)
        #expect(
          abs(gradient[number] - difference) <= 1e-6 * max(1, abs(difference)),
          "seed \(seed), number \(number): \(gradient[number]), difference \(difference)")
      }
    }
  }

  /// A reward with one best theta: the mean gets there, from any side, with either baseline.
  @Test(arguments: RewardBaseline.allCases) func thePolicyFindsTheBestTheta(baseline: RewardBaseline) {
    let best = [0.8, 0.3, 0.55]
    for seed in UInt64(1)...5 {
      var generator = SeededGenerator(seed: seed)
      var settings = PolicySettings()
      (settings.means, settings.deviations, settings.baseline) = ([0.5], [0.1], baseline)
      (settings.updates, settings.learningRate) = (20, 0.05)
      var learner = PolicyLearner(ThetaPolicy(settings, numbers: best.count))
      func distance(_ theta: [Double]) -> Double { zip(theta, best).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
      let start = distance(learner.policy.means)
      for generation in 0..<12 {
        let thetas = learner.policy.draw(16, baseline: baseline, from: &generator)
        learner.learn(
          thetas: thetas, rewards: thetas.map { 1 - distance($0) }, settings: settings, generation: generation,
          generations: 12)
      }
      let end = distance(learner.policy.means)
      #expect(end < start / 4, "seed \(seed), \(baseline): \(start) to \(end), \(learner.policy.means)")
    }
  }

  @Test func equalRewardsTeachNothing() {
    var generator = SeededGenerator(seed: 3)
    let settings = PolicySettings()
    var learner = PolicyLearner(ThetaPolicy(settings, numbers: 12))
    let before = learner.policy
    let thetas = before.draw(8, baseline: settings.baseline, from: &generator)
    learner.learn(
      thetas: thetas, rewards: thetas.map { _ in 0.25 }, settings: settings, generation: 0, generations: 1)
    #expect(learner.policy == before)
  }

  @Test func theStateSurvivesJSONToTheLastBit() throws {
    var generator = SeededGenerator(seed: 4)
    let settings = PolicySettings()
    var learner = PolicyLearner(ThetaPolicy(settings, numbers: 12))
    let thetas = learner.policy.draw(8, baseline: settings.baseline, from: &generator)
    learner.learn(
      thetas: thetas, rewards: thetas.map { $0.reduce(0, +) }, settings: settings, generation: 0, generations: 2)
    let text = try JSONEncoder().encode(learner)
    #expect(try JSONDecoder().decode(PolicyLearner.self, from: text) == learner)
  }

  @Test func contradictionsAreNamed() {
    let changes: [(key: String, change: (inout PolicySettings) -> Void)] = [
      ("means", { $0.means = [0.5, 0.5] }), ("means", { $0.means = [0] }), ("means", { $0.means = [.nan] }),
      ("means", { $0.means = [] }), ("deviations", { $0.deviations = [0] }), ("clip", { $0.clip = 1 }),
      ("learningRate", { $0.learningRate = -1 }), ("updates", { $0.updates = 0 }),
    ]
    for (index, (key, change)) in changes.enumerated() {
      var settings = PolicySettings()
      #expect(settings.problems(numbers: 12).isEmpty)
      change(&settings)
      #expect(settings.problems(numbers: 12).contains { $0.hasPrefix("\(key): ") }, "change \(index) of \(key)")
    }
  }
}
