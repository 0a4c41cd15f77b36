import JSONValues
import ArgumentParser
import Foundation
import Losses
import Proxy
import Reporting
import RunStore
import Search

/// Trains a detector with given losses and scores it.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains the small detector with given losses and scores it.",
    discussion: """
      EXAMPLE: autoloss train --loss-cls cse-autoloss-a --loss-reg giou --seeds 3
      EXAMPLE: autoloss train --detector fcos --loss-cls cse-autoloss-b --loss-reg cse-autoloss-b
      EXAMPLE: autoloss train --loss-cls best.yaml --loss-reg best.yaml#found-2-reg

      Losses are formulas, built-in names or card files (the first card that fits, or \
      the one named after #). Scores are those of the split that --score-on names.
      """)

  /// The schedules of a search space.
  enum Schedule: String, ExpressibleByArgument, CaseIterable {
    case final, proxy, verify
  }

  @Option(
    help: ArgumentHelp(
      "What to train for: \(SearchTask.allCases.map(\.rawValue).joined(separator: ", ")) (default: what the "
        + "detector is for, else detection-twostage)."))
  var task: SearchTask?
  @Option(help: "Classification loss: a formula, a built-in name or a card file; `default` is the search space's.")
  var lossCls = "default"
  @Option(help: "Regression loss: a formula, a built-in name or a card file; `default` is the search space's.")
  var lossReg = "default"
  @Option(
    help: "Detector: \(DetectorKind.allCases.map(\.rawValue).joined(separator: ", ")) (default: the search space's).")
  var detector: DetectorKind?
  @Option(help: "A data folder (COCO or VOC layout) or 'synthetic'.")
  var data = "synthetic"
  @OptionGroup var spaceOptions: SpaceOptions
  @Option(help: "Schedule of the search space: final, proxy or verify.")
  var schedule = Schedule.final
  @Option(help: "Steps instead of the schedule's.")
  var steps: Int?
  @Option(help: "How many seeds.")
  var seeds = 1
  @Option(help: "The first seed; the others follow it.")
  var firstSeed: UInt64 = 1
  @Option(help: "Split to score: search-val, or holdout (look at it once, at the end).")
  var scoreOn = LossTraining.Split.searchValidation
  @Option(help: "Threads (default: one for each processor).")
  var workers: Int?
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard (1...1_000).contains(seeds) else { throw InputError("--seeds \(seeds): must lie in 1 ... 1000") }
    let workers = try WorkerCount.checked(workers)
    let task =
      task ?? SearchTask.allCases.first { $0.classificationMode == detector?.classificationMode } ?? .detectionTwoStage
    var space = try spaceOptions.resolved(for: task)
    if let detector {
      guard detector.classificationMode == task.classificationMode else {
        throw InputError(
          "--detector \(detector.rawValue): is none of \(task.rawValue); give the --task it belongs to, or none")
      }
      space.detector.kind = detector
    }
    let texts = (
      classification: lossCls == "default" ? space.defaults.classification : lossCls,
      regression: lossReg == "default" ? space.defaults.regression : lossReg
    )
    let losses = DetectionLosses(
      classification: try LossArgument.classification(texts.classification, task: task, option: "--loss-cls"),
      regression: try LossArgument.regression(texts.regression, task: task, option: "--loss-reg"))
    var settings = chosenSchedule(space)
    if let steps { settings.steps = steps }
    if settings.warmUpSteps > settings.steps { settings.warmUpSteps = settings.steps }
    try settings.validate()
    let splits = try DataOption.open(data, space.data)
    let training = LossTraining(space, schedule: settings, losses: losses, split: scoreOn)
    let numbers = (0..<UInt64(seeds)).map { firstSeed &+ $0 }
    let results = try training.run(
      seeds: numbers, on: splits, workers: workers, cancellation: Interrupts.cancellation
    ) { seed, result in
      Console.error(Self.line(seed: seed, result))
    }
    show(space, texts, numbers, results, name: splits.name)
    if results.contains(where: { $0.outcome.value(.ap) == nil }) { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private func chosenSchedule(_ space: SearchSpace) -> TrainingSettings {
    switch schedule {
    case .final: space.training.final
    case .proxy: space.training.proxy
    case .verify: space.training.verify
    }
  }

  private static func line(seed: UInt64, _ result: TrainingMeasurement) -> String {
    switch result.outcome {
    case .diverged(let step): "seed \(seed): diverged at step \(step)"
    case .scored(let ap, let ap50, let ap75):
      "seed \(seed): "
        + String(
          format: "AP %.3f  AP50 %.3f  AP75 %.3f  %.1f s  %.0f images/s", ap, ap50, ap75, result.seconds,
          result.imagesPerSecond)
    }
  }

  private func show(
    _ space: SearchSpace, _ losses: (classification: String, regression: String), _ seeds: [UInt64],
    _ results: [TrainingMeasurement], name: String
  ) {
    let spreads = ScoreMetric.allCases.map { metric in
      (metric, SeedSpread(results.compactMap { $0.outcome.value(metric) }))
    }
    guard output.json else {
      var table = TextTable([.init("metric (\(scoreOn.rawValue) of \(name))"), .init("mean ± std over seeds", .right)])
      for (metric, spread) in spreads { table.add(metric.rawValue, spread.description) }
      return Console.print(table.description)
    }
    Console.print([
      "task": .string(space.task.rawValue), "detector": .string(space.detector.kind.rawValue), "data": .string(data),
      "loss_cls": .string(losses.classification), "loss_reg": .string(losses.regression),
      "split": .string(scoreOn.rawValue),
      "runs": .array(zip(seeds, results).map { Self.json(seed: $0, $1) }),
      "mean": .object(spreads.map { .init($0.rawValue, .double($1.mean)) }),
      "std": .object(spreads.map { .init($0.rawValue, .double($1.standardDeviation)) }),
    ])
  }

  private static func json(seed: UInt64, _ result: TrainingMeasurement) -> JSONValue {
    var members: [JSONValue.Member] = [.init("seed", .int(Int(clamping: seed)))]
    for metric in ScoreMetric.allCases {
      members.append(.init(metric.rawValue, result.outcome.value(metric).map { .double($0) } ?? .null))
    }
    if case .diverged(let step) = result.outcome { members.append(.init("diverged_at_step", .int(step))) }
    members.append(.init("seconds", .double(result.seconds)))
    members.append(.init("images_per_second", .double(result.imagesPerSecond)))
    return .object(members)
  }
}

extension LossTraining.Split: ExpressibleByArgument {}
extension DetectorKind: ExpressibleByArgument {}
