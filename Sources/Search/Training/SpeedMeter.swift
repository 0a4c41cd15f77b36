import Foundation

/// Time of one training over all its sittings, kept beside its checkpoint.
struct TrainingTime: Codable, Hashable {
  /// Of training, scoring and writing.
  var seconds = 0.0
  /// Steps done, and the seconds they alone took.
  var steps = 0
  var stepSeconds = 0.0

  init() {}

  /// What a file says; nothing where there is none that can be read, as time decides no result.
  init(kept url: URL?) {
    guard let data = url.flatMap({ FileManager.default.contents(atPath: $0.path) }),
      let found = try? JSONDecoder().decode(TrainingTime.self, from: data),
      found.seconds >= 0, (0...1_000_000).contains(found.steps), found.stepSeconds >= 0
    else { return }
    self = found
  }

  var json: String {
    "{\"seconds\": \(seconds), \"steps\": \(steps), \"stepSeconds\": \(stepSeconds)}\n"
  }
}

/// Images a second of one training: over all its steps, those of earlier sittings too, and over the last half second or so.
struct SpeedMeter {
  let imagesPerStep: Int
  private let earlier: TrainingTime
  private let start = ProcessInfo.processInfo.systemUptime
  private var begin = ProcessInfo.processInfo.systemUptime
  private var steps = 0
  private var end = ProcessInfo.processInfo.systemUptime
  private var windowBegin = ProcessInfo.processInfo.systemUptime
  private var windowSteps = 0
  /// 0 until the first half second has passed.
  private(set) var recent = 0.0

  init(imagesPerStep: Int, earlier: TrainingTime = TrainingTime()) {
    (self.imagesPerStep, self.earlier) = (imagesPerStep, earlier)
  }

  /// A step was done.
  mutating func count() {
    steps += 1
    windowSteps += 1
    let now = ProcessInfo.processInfo.systemUptime
    end = now
    guard now - windowBegin >= 0.5 else { return }
    recent = Double(windowSteps * imagesPerStep) / (now - windowBegin)
    (windowBegin, windowSteps) = (now, 0)
  }

  /// Time of work that is no training does not count.
  mutating func pause<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = ProcessInfo.processInfo.systemUptime
    let result = try body()
    let lost = ProcessInfo.processInfo.systemUptime - start
    (begin, end, windowBegin) = (begin + lost, end + lost, windowBegin + lost)
    return result
  }

  /// All sittings up to now.
  var time: TrainingTime {
    var time = earlier
    time.seconds += ProcessInfo.processInfo.systemUptime - start
    time.steps += steps
    if steps > 0 { time.stepSeconds += end - begin }
    return time
  }

  /// 0 without a step.
  var mean: Double {
    let time = time
    return Double(time.steps * imagesPerStep) / max(time.stepSeconds, 1e-9)
  }
}
