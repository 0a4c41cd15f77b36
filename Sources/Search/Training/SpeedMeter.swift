import Foundation

/// Images a second of one training: over all steps done here, and over the last half second or so.
struct SpeedMeter {
  let imagesPerStep: Int
  private var begin = ProcessInfo.processInfo.systemUptime
  private var steps = 0
  private var end = ProcessInfo.processInfo.systemUptime
  private var windowBegin = ProcessInfo.processInfo.systemUptime
  private var windowSteps = 0
  /// 0 until the first half second has passed.
  private(set) var recent = 0.0

  init(imagesPerStep: Int) { self.imagesPerStep = imagesPerStep }

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

  /// 0 without a step.
  var mean: Double {
    Double(steps * imagesPerStep) / max(end - begin, 1e-9)
  }
}
