import Foundation
import Losses
import Proxy
import Serving
import Synchronization

/// Trainings of the small two-stage detector on drawn scenes, one on each thread.
final class TrainingRace {
  /// What some trainings side by side took.
  struct Result: Encodable {
    let seconds: Double
    /// Images that all trainings together saw.
    let images: Int
  }

  private let data: DetectionDataset
  private let losses: DetectionLosses

  init() throws {
    guard let classification = BuiltInLoss.crossEntropy.formula(in: .multiClass),
      let regression = BuiltInLoss.giou.formula(in: .regression)
    else { throw BenchmarkError("the default losses are gone") }
    losses = DetectionLosses(
      classification: ClassificationLoss(formula: classification, mode: .multiClass),
      regression: BoxLoss(.formula(regression), weight: 10))
    data = SyntheticScenes().splits().searchTrain
  }

  /// Trains `workers` detectors at once for some steps each; each is built and warm before the clock starts.
  func run(workers: Int, steps: Int) throws -> Result {
    let (losses, data) = (losses, data)
    let settings = TrainingSettings(steps: steps, warmUpSteps: 0)
    let (ready, start, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let problems = Problems()
    for number in 0..<workers {
      let thread = Thread {
        do {
          let trainer = try DetectionTrainer(detector: .standard)
          _ = try trainer.train(
            TrainingSettings(steps: 5, warmUpSteps: 0), losses: losses, on: data, seed: UInt64(number))
          ready.signal()
          start.wait()
          let outcome = try trainer.train(settings, losses: losses, on: data, seed: UInt64(number))
          if outcome.detector == nil { problems.add("the training of worker \(number) diverged") }
        } catch {
          problems.add("\(error)")
          ready.signal()
        }
        done.signal()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    for _ in 0..<workers { ready.wait() }
    let clock = ContinuousClock.now
    for _ in 0..<workers { start.signal() }
    for _ in 0..<workers { done.wait() }
    let seconds = (ContinuousClock.now - clock).seconds
    if let problem = problems.first { throw BenchmarkError(problem) }
    return Result(seconds: seconds, images: workers * steps * settings.imagesPerBatch)
  }
}

/// What went wrong on the threads.
private final class Problems: Sendable {
  private let texts = Mutex<[String]>([])

  func add(_ text: String) { texts.withLock { $0.append(text) } }

  var first: String? { texts.withLock { $0.first } }
}
