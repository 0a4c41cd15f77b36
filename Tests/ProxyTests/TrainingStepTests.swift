import GoldenData
import Losses
import Networks
import Proxy
import Testing

/// Whole training steps against PyTorch from the same weights and batch (Tests/Recorded/training_steps.py).
///
/// The reference is computed in float64. PyTorch's own float32 gradients are off by up to 3e-6 of each parameter's largest;
/// ours may be by 5e-5, as Winograd's convolutions round some ten times coarser.
@Suite struct TrainingStepTests {
  static let tolerance: Float = 5e-5

  @Test func theFileHasItsThreeDetectors() throws {
    #expect(try RecordedTraining.rows().map(\.name) == ["fcos", "atss", "faster-rcnn"])
  }

  @Test(arguments: 0..<3) func lossesAndGradientsAreThoseOfPyTorch(index: Int) throws {
    let recorded = try RecordedTraining.rows()[index]
    let training = try recorded.training()
    let found = try training.accumulateGradients(try recorded.images(), step: 0)
    let parts = [
      ("objectness", found.objectness), ("proposalBoxes", found.proposalBoxes),
      ("classification", found.classification), ("boxes", found.boxes), ("centerness", found.centerness),
    ]
    for (name, value) in parts {
      let wanted = recorded.row["losses"][name].doubles.first ?? 0
      #expect(abs(value - wanted) <= 2e-6 * max(wanted, 1), "\(recorded.name) \(name): \(value), PyTorch \(wanted)")
    }
    let gradients = try recorded.gradients()
    #expect(gradients.count == training.parameters.entries.count)
    for (name, wanted) in gradients {
      let entry = try #require(training.parameters[name], "\(recorded.name) has no \(name)")
      let problem = disagreement(Array(training.parameters.gradients[entry.range]), wanted, tolerance: Self.tolerance)
      #expect(problem == nil, "\(recorded.name) \(name): \(problem ?? "")")
    }
  }

  @Test(arguments: 0..<3) func twentyStepsFollowPyTorch(index: Int) throws {
    let recorded = try RecordedTraining.rows()[index]
    let (training, images) = (try recorded.training(), try recorded.images())
    for (step, wanted) in recorded.row["curve"].doubles.enumerated() {
      let found = try training.accumulateGradients(images, step: step).total
      #expect(abs(found - wanted) <= 1e-4 * wanted, "\(recorded.name) step \(step): \(found), PyTorch \(wanted)")
      training.update(learningRate: recorded.learningRate)
    }
  }
}
