import Foundation
import Serving

/// Measures scoring and training of detectors, and training of segmenters; takes the lines of `Benchmarks/compare`.
@main
struct DetectionBenchmarks {
  /// Lines: `coco GT DT` · `coco-time` · `train WORKERS STEPS` · `step FILE` · `step-time COUNT` · `step-layers` ·
  /// `segment FILE` · `segment-time COUNT` · `segment-layers`.
  static func main() {
    var scoring: ScoringRace?
    var training: TrainingRace?
    var steps: StepRace?
    var segments: SegmentRace?
    Service { words in
      switch words[0] {
      case "coco":
        guard words.count == 3 else { throw BenchmarkError("coco takes two files") }
        let race = try ScoringRace(groundTruth: words[1], detections: words[2])
        scoring = race
        return race.summary
      case "coco-time":
        guard let scoring else { throw BenchmarkError("`coco` comes before `coco-time`") }
        return scoring.time()
      case "train":
        guard words.count == 3, let workers = Int(words[1]), let steps = Int(words[2]), workers > 0, steps > 0 else {
          throw BenchmarkError("cannot read: \(words.joined(separator: " "))")
        }
        let race = try training ?? TrainingRace()
        training = race
        return try race.run(workers: workers, steps: steps)
      case "step":
        guard words.count == 2 else { throw BenchmarkError("step takes a file") }
        let race = try StepRace(file: words[1])
        steps = race
        return race.summary
      case "step-time":
        guard let steps else { throw BenchmarkError("`step` comes before `step-time`") }
        guard words.count == 2, let count = Int(words[1]), count > 0 else {
          throw BenchmarkError("step-time takes a number of steps")
        }
        return try steps.run(count: count)
      case "step-layers":
        guard let steps else { throw BenchmarkError("`step` comes before `step-layers`") }
        return try steps.layers()
      case "segment":
        guard words.count == 2 else { throw BenchmarkError("segment takes a file") }
        let race = try SegmentRace(file: words[1])
        segments = race
        return race.summary
      case "segment-time":
        guard let segments else { throw BenchmarkError("`segment` comes before `segment-time`") }
        guard words.count == 2, let count = Int(words[1]), count > 0 else {
          throw BenchmarkError("segment-time takes a number of steps")
        }
        return try segments.run(count: count)
      case "segment-layers":
        guard let segments else { throw BenchmarkError("`segment` comes before `segment-layers`") }
        return try segments.layers()
      default: throw BenchmarkError("unknown line: \(words.joined(separator: " "))")
      }
    }.run()
  }
}
