import ArgumentParser
import Evolution
import Foundation
import Losses
import Proxy
import RunStore
import Search

/// The search.
struct EvolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evolve", abstract: "Searches loss functions and scores the best on the hold-out split.",
    discussion: """
      EXAMPLE: autoloss evolve --task detection-twostage --data synthetic --seed 1
      EXAMPLE: autoloss evolve --task segmentation --metric mIoU --data my-folder --seed 1
      EXAMPLE: autoloss evolve --resume --out runs/synthetic-joint-seed1

      Killed at any moment, the same command with --resume goes on and ends with the \
      same formulas and scores.
      """)

  @Option(
    help: "What to search for (default: detection-twostage; with --resume: what the run searches for).")
  var task: SearchTask?
  @Option(help: "Which losses vary: cls, reg or joint (default: as the search space says).")
  var branch: SearchBranch?
  @Option(
    help: ArgumentHelp(
      "With --task segmentation, what formulas are judged by: "
        + "\(SegmentationMetric.allCases.map(\.rawValue).joined(separator: ", ")) (default: as the search space says).")
  )
  var metric: String?
  @Option(
    name: .customLong("init"), help: "What detectors begin with: none, synthetic or a FILE of weights (see `pretrain`)."
  )
  var initial: InitialWeights?
  @OptionGroup var options: SearchOptions

  func run() throws {
    let workers = try WorkerCount.checked(options.workers)
    try options.check()
    let requested = try requestedConfiguration()
    let folder = options.folder(Self.searched(requested.space), of: requested)
    if options.dryRun {
      return try options.printPlan(SearchPlan(requested.space), of: requested, folder: folder, workers: workers)
    }
    let resumed = try options.reopened(folder) { try asked(of: $0, requested) }
    let configuration = resumed?.configuration ?? requested
    // Everything that can be wrong with the input is found before the folder is made.
    try Self.checkDefaults(configuration.space)
    if let target = configuration.space.segmentation {
      let splits = try options.opened(configuration) { try DataOption.open($0, target.data) }
      return try search(
        configuration, in: folder, resumed: resumed?.store, source: try SegmenterFormulaSource(target, splits: splits),
        dataHash: splits.contentHash, workers: workers)
    }
    let splits = try options.opened(configuration) { try DataOption.open($0, configuration.space.data) }
    if resumed == nil, options.spaceOptions.profile == nil,
      let small = SmallObjects(splits.searchTrain, input: configuration.space.data)
    {
      Console.error("\(small): --profile \(SmallObjects.profile) is made for such data")
    }
    let backbone = try InitialWeightsOption.backbone(configuration.space)
    try search(
      configuration, in: folder, resumed: resumed?.store,
      source: try DetectionEvaluatorSource(configuration.space, splits: splits, backbone: backbone),
      dataHash: splits.contentHash, initialHash: backbone?.contentHash ?? "none", workers: workers)
  }

  /// Refuses default losses that train nothing; everything is measured by them.
  private static func checkDefaults(_ space: SearchSpace) throws {
    _ = try LossArgument.classification(
      space.defaults.classification, task: space.task, option: "defaults.classification")
    guard space.segmentation == nil else { return }
    _ = try LossArgument.regression(space.defaults.regression, task: space.task, option: "defaults.regression")
  }

  private func search<Source: EvaluatorSource>(
    _ configuration: RunConfiguration, in folder: URL, resumed: RunStore?, source: Source, dataHash: String,
    initialHash: String = "none", workers: Int
  ) throws where Source.Evaluator.Request == TrainingRequest {
    try options.walk(
      configuration, in: folder, resumed: resumed, dataHash: dataHash, initialHash: initialHash,
      kept: "best.yaml holds the loss cards, report.html shows the search"
    ) { store, progress, cache in
      try SearchRun(
        configuration, store: store, source: source, workers: workers, cache: cache, progress: progress,
        cancellation: Interrupts.cancellation, onGeneration: { if options.output.json { Console.print($0) } }
      ).run()
    }
  }

  private func requestedConfiguration() throws -> RunConfiguration {
    let begun = options.begun(RunConfiguration.self)
    let task = task ?? begun?.space.task ?? .detectionTwoStage
    var space = try options.spaceOptions.resolved(for: task, begun: begun?.space)
    if let branch { space.branch = branch }
    if let initial { space.initialWeights = initial }
    if task == .segmentation, branch ?? .classification != .classification {
      throw InputError("--branch: the task segmentation has the branch cls alone; leave the option out")
    }
    if task == .segmentation, initial != nil {
      throw InputError("--init: segmenters begin with drawn weights; leave the option out")
    }
    var plain = options.spaceOptions
    plain.overrides = []
    let inSpace =
      try plain.resolved(for: task, begun: begun?.space).segmentation?.metric != space.segmentation?.metric
    if let metric = try requestedMetric(for: task) {
      guard !inSpace else { throw InputError("--metric and --set segmentation.metric: leave one of them out") }
      space.segmentation?.metric = metric
    } else if let metric = begun?.space.segmentation?.metric, options.spaceOptions.space == nil, !inSpace {
      space.segmentation?.metric = metric
    }
    return RunConfiguration(
      program: Machine.version, data: options.data ?? "synthetic", seed: options.seed ?? 1, space: space)
  }

  private func requestedMetric(for task: SearchTask) throws -> SegmentationMetric? {
    guard let metric else { return nil }
    guard task == .segmentation else {
      throw InputError("--metric: is for --task segmentation; detectors are judged by selection.metric (--set)")
    }
    return try SegmentationMetric(named: metric)
  }

  /// What the stored run would have to be, by the options that were given.
  private func asked(of stored: RunConfiguration, _ requested: RunConfiguration) throws -> RunConfiguration {
    var expected = stored
    if let metric = try requestedMetric(for: requested.space.task) { expected.space.segmentation?.metric = metric }
    let isOther = requested.space.task != stored.space.task
    if isOther || options.spaceOptions.isGiven || branch != nil { expected.space = requested.space }
    if options.spaceOptions.isGiven || branch != nil || initial != nil {
      expected.space.branch = branch ?? stored.space.branch
      expected.space.initialWeights = initial ?? stored.space.initialWeights
    }
    return expected
  }

  /// What is searched, as a part of the folder's name.
  private static func searched(_ space: SearchSpace) -> String {
    switch space.task {
    case .detectionTwoStage: space.branch.rawValue
    case .detectionOneStage: "onestage-\(space.branch.rawValue)"
    case .segmentation: "formulas-\(space.metricName)"
    }
  }
}

extension SearchBranch: ExpressibleByArgument {}
