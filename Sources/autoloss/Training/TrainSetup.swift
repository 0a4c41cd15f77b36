import ArgumentParser
import Losses
import Proxy
import Search

/// The options of `train` that decide its result.
///
/// All are optional, so that a continuation can tell what was given from what stands in the folder.
struct TrainSetup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to train for: \(SearchTask.ofDetectors.map(\.rawValue).joined(separator: ", ")) (default: what the "
        + "detector is for, else detection-twostage).", valueName: "task"), transform: SearchTask.parse)
  var task: SearchTask?
  @Option(
    help: "Classification loss: a formula, a built-in name or a card file; `default`, or nothing: the search space's.")
  var lossCls: String?
  @Option(
    help: "Regression loss: a formula, a built-in name or a card file; `default`, or nothing: the search space's.")
  var lossReg: String?
  @Option(
    help: "Detector: \(DetectorKind.allCases.map(\.rawValue).joined(separator: ", ")) (default: the search space's).")
  var detector: DetectorKind?
  @Option(help: "A data folder (COCO or VOC layout) or 'synthetic' (default: synthetic).")
  var data: String?
  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "What the detector begins with: none, synthetic (a backbone trained once on synthetic scenes) or a FILE of "
        + "`pretrain` or `train` (default: the search space's, which is none)."))
  var initial: InitialWeights?
  @Option(help: "Schedule of the search space: final, proxy or verify (default: final).")
  var schedule: TrainCommand.Schedule?
  @Option(help: "Steps instead of the schedule's.")
  var steps: Int?
  @Option(help: "How many seeds (default: 1).")
  var seeds: Int?
  @Option(help: "The first seed; the others follow it (default: 1).")
  var firstSeed: UInt64?
  @Option(help: "Split to score: search-val, or holdout (look at it once, at the end) (default: search-val).")
  var scoreOn: LossTraining.Split?

  /// What is to be trained; what was not given comes from the stored plan where there is one. Hashes are still empty.
  func plan(_ options: SpaceOptions, stored: TrainingPlan?) throws -> TrainingPlan {
    if data == "" { throw InputError("--data: is empty; name a data folder, or 'synthetic'") }
    let space = try space(options, stored: stored)
    let (losses, texts) = try losses(space, stored: stored)
    return TrainingPlan(
      program: Machine.version, data: data ?? stored?.data ?? "synthetic", dataHash: "",
      classification: texts.classification, regression: texts.regression, losses: losses,
      schedule: try chosenSchedule(space, stored: stored), seeds: try chosenSeeds(stored: stored),
      scoreOn: scoreOn ?? stored?.scoreOn ?? .searchValidation, initialHash: "", space: space)
  }

  private func space(_ options: SpaceOptions, stored: TrainingPlan?) throws -> SearchSpace {
    let wanted =
      task ?? stored?.space.task
      ?? SearchTask.allCases.first { $0.classificationMode == detector?.classificationMode } ?? .detectionTwoStage
    guard SearchTask.ofDetectors.contains(wanted) else {
      throw InputError(
        "--task \(wanted.rawValue): trains no detector; segmenters are trained by `autoloss surrogate train`")
    }
    var space: SearchSpace
    if let stored, !options.isGiven, task == nil || task == stored.space.task {
      space = stored.space
    } else {
      space = try options.resolved(for: wanted, begun: stored?.space)
    }
    if let kind = detector ?? stored?.space.detector.kind {
      guard kind.classificationMode == wanted.classificationMode else {
        let mend =
          stored == nil
          ? "give the --task it belongs to, or none"
          : "--resume goes on with that; begin another training in a folder of its own"
        throw InputError("--detector \(kind.rawValue): is none of \(wanted.rawValue); \(mend)")
      }
      space.detector.kind = kind
    }
    if let initial = initial ?? stored?.space.initialWeights { space.initialWeights = initial }
    return space
  }

  private func losses(
    _ space: SearchSpace, stored: TrainingPlan?
  ) throws -> (DetectionLosses, (classification: String, regression: String)) {
    let (cls, reg) = (
      lossCls == "default" ? space.defaults.classification : lossCls,
      lossReg == "default" ? space.defaults.regression : lossReg
    )
    let texts = (
      classification: cls ?? stored?.classification ?? space.defaults.classification,
      regression: reg ?? stored?.regression ?? space.defaults.regression
    )
    // A card file may be gone by the time of a continuation that does not name it.
    let kept = (
      classification: cls == nil ? stored?.losses.classification : nil,
      regression: reg == nil ? stored?.losses.regression : nil
    )
    let losses = DetectionLosses(
      classification: try kept.classification
        ?? LossArgument.classification(
          texts.classification, task: space.task,
          option: isOwn(lossCls) ? "--loss-cls" : "defaults.classification"),
      regression: try kept.regression
        ?? LossArgument.regression(
          texts.regression, task: space.task, option: isOwn(lossReg) ? "--loss-reg" : "defaults.regression"))
    return (losses, texts)
  }

  /// Whether the option names a loss, rather than that of the search space.
  private func isOwn(_ loss: String?) -> Bool { loss != nil && loss != "default" }

  private func chosenSchedule(_ space: SearchSpace, stored: TrainingPlan?) throws -> TrainingSettings {
    var settings: TrainingSettings
    switch schedule {
    case .final: settings = space.training.final
    case .proxy: settings = space.training.proxy
    case .verify: settings = space.training.verify
    case nil: settings = stored?.schedule ?? space.training.final
    }
    if let steps {
      try StepsOption.check(steps)
      settings.steps = steps
      settings.warmUpSteps = min(settings.warmUpSteps, steps)
    }
    try settings.validate()
    return settings
  }

  private func chosenSeeds(stored: TrainingPlan?) throws -> [UInt64] {
    if let seeds, !(1...1_000).contains(seeds) { throw InputError("--seeds \(seeds): must lie in 1 ... 1000") }
    let count = seeds ?? stored?.seeds.count ?? 1
    let first = firstSeed ?? stored?.seeds.first ?? 1
    return (0..<UInt64(count)).map { first &+ $0 }
  }
}
