import Foundation
import Proxy
import Reporting
import Search
import Synchronization

/// The progress of trainings on several threads as one line: images, images a second, time left, the loss.
final class TrainingBoard: Sendable {
  private struct State {
    let reporter: ProgressReporter
    var done = 0
    var total: Int
    let activity: String
    var loss: Double?
  }

  private let state: Mutex<State>
  private let imagesPerStep: Int

  init(seeds: [UInt64], steps: Int, imagesPerStep: Int) {
    self.imagesPerStep = imagesPerStep
    let activity = seeds.count == 1 ? "training seed \(seeds[0])" : "training \(seeds.count) seeds"
    state = Mutex(
      State(
        reporter: ProgressReporter.standardError(), total: steps * imagesPerStep * seeds.count, activity: activity))
  }

  convenience init(_ plan: TrainingPlan) {
    self.init(seeds: plan.seeds, steps: plan.schedule.steps, imagesPerStep: plan.schedule.imagesPerBatch)
  }

  func update(_ progress: TrainingProgress) {
    state.withLock { state in
      if progress.images == 0 {
        // What was done before a continuation is not to do.
        state.total -= progress.step * imagesPerStep
      } else {
        state.done += progress.images
        state.loss = 0.98 * (state.loss ?? progress.losses.total) + 0.02 * progress.losses.total
      }
      guard state.total > 0 else { return }
      state.reporter.update(
        ProgressState(
          activity: state.activity, done: state.done, total: state.total, unit: "images",
          note: state.loss.map { String(format: "loss %.3f", $0) }, showsTimeLeft: true))
    }
  }

  func message(_ text: String) { state.withLock { $0.reporter.message(text) } }

  func finish() { state.withLock { $0.reporter.finish() } }
}
