import ArgumentParser
import Evolution
import Foundation
import Losses
import Proxy
import Reporting
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

  @Option(help: "What to search for: \(SearchTask.allCases.map(\.rawValue).joined(separator: ", ")).")
  var task: SearchTask = .detectionTwoStage
  @Option(help: "Which losses vary: cls, reg or joint (default: as the search space says).")
  var branch: SearchBranch?
  @Option(
    help: ArgumentHelp(
      "With --task segmentation, what formulas are judged by: "
        + "\(SegmentationMetric.allCases.map(\.rawValue).joined(separator: ", ")) (default: as the search space says).")
  )
  var metric: String?
  @Option(help: "A data folder (COCO or VOC layout; label maps for segmentation) or 'synthetic' (default: synthetic).")
  var data: String?
  @OptionGroup var spaceOptions: SpaceOptions
  @Option(
    name: .customLong("init"), help: "What detectors begin with: none, synthetic or a FILE of weights (see `pretrain`)."
  )
  var initial: InitialWeights?
  @Option(help: "Seed of everything random (default: 1).")
  var seed: UInt64?
  @Option(help: "Threads; they change the time a run takes, never its result (default: one for each processor).")
  var workers: Int?
  @Option(help: "The run's folder (default: runs/<data>-<what is searched>-seed<seed>).")
  var out: String?
  @Flag(help: "Go on with the run in the folder.")
  var resume = false
  @Flag(help: "Print the resolved search space and the plan; train nothing.")
  var dryRun = false
  @Flag(inversion: .prefixedNo, help: "Reuse scores of equal trainings of earlier runs.")
  var cache = true
  @OptionGroup var output: OutputOptions

  func run() throws {
    let workers = try WorkerCount.checked(workers)
    let requested = try requestedConfiguration()
    if out == "" { throw InputError("--out: is empty; name a folder for the run") }
    let folder = URL(fileURLWithPath: out ?? Self.defaultFolder(requested))
    if dryRun { return try printPlan(requested, folder: folder, workers: workers) }
    if !resume, RunStore.holdsRun(folder) { throw RunStoreError.runExists(folder: folder.path) }
    let resumed = resume ? try reopen(folder, requested) : nil
    let configuration = resumed?.configuration ?? requested
    // Everything that can be wrong with the input is found before the folder is made.
    if let target = configuration.space.segmentation {
      let splits = try DataOption.open(configuration.data, target.data)
      return try search(
        configuration, in: folder, resumed: resumed?.store, source: try SegmenterFormulaSource(target, splits: splits),
        dataHash: splits.contentHash, workers: workers)
    }
    let splits = try DataOption.open(configuration.data, configuration.space.data)
    if resumed == nil, spaceOptions.profile == nil,
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

  /// Runs the search to its end, in a new folder or where the stored run stands.
  private func search<Source: EvaluatorSource>(
    _ configuration: RunConfiguration, in folder: URL, resumed: RunStore?, source: Source, dataHash: String,
    initialHash: String = "none", workers: Int
  ) throws where Source.Evaluator.Request == TrainingRequest {
    let store =
      try resumed ?? SearchStore.create(folder, configuration, dataHash: dataHash, initialHash: initialHash)
    try SearchStore.checkWeights(store, hash: initialHash)
    try SearchStore.checkData(store, hash: dataHash, name: configuration.data)
    for warning in try SearchStore.warnings(store) { Console.error("warning: \(warning)") }
    let progress = ProgressReporter.standardError()
    let search = try SearchRun(
      configuration, store: store, source: source, workers: workers, cache: ScoreCacheOption.open(cache),
      progress: progress,
      cancellation: Interrupts.cancellation, onGeneration: { if output.json { Console.print($0) } })
    store.log(resume ? "resumed" : "started")
    do {
      let result = try search.run()
      progress.finish()
      store.log("finished")
      try store.close()
      finish(result, folder: folder)
    } catch let error as Interrupted {
      progress.finish()
      store.log("interrupted")
      try store.checkpoint()
      try store.close()
      Console.error("checkpoint written to \(folder.path)")
      throw error
    }
  }

  private func requestedConfiguration() throws -> RunConfiguration {
    var space = try spaceOptions.resolved(for: task)
    if let branch { space.branch = branch }
    if let initial { space.initialWeights = initial }
    if task == .segmentation, branch ?? .classification != .classification {
      throw InputError("--branch: the task segmentation has the branch cls alone; leave the option out")
    }
    if task == .segmentation, initial != nil {
      throw InputError("--init: segmenters begin with drawn weights; leave the option out")
    }
    if let metric = try requestedMetric() { space.segmentation?.metric = metric }
    if data == "" { throw InputError("--data: is empty; name a data folder, or 'synthetic'") }
    return RunConfiguration(program: Machine.version, data: data ?? "synthetic", seed: seed ?? 1, space: space)
  }

  private func requestedMetric() throws -> SegmentationMetric? {
    guard let metric else { return nil }
    guard task == .segmentation else {
      throw InputError("--metric: is for --task segmentation; detectors are judged by selection.metric (--set)")
    }
    return try SegmentationMetric(named: metric)
  }

  /// The stored run; options that were given must say what it was started with.
  private func reopen(
    _ folder: URL, _ requested: RunConfiguration
  ) throws -> (store: RunStore, configuration: RunConfiguration) {
    let store = try RunStore.resume(folder)
    let stored = try SearchStore.configuration(of: store)
    var expected = stored
    if let metric = try requestedMetric() { expected.space.segmentation?.metric = metric }
    if spaceOptions.isGiven || branch != nil || initial != nil {
      if spaceOptions.isGiven || branch != nil { expected.space = requested.space }
      expected.space.branch = branch ?? stored.space.branch
      expected.space.initialWeights = initial ?? stored.space.initialWeights
    }
    if data != nil { expected.data = requested.data }
    if seed != nil { expected.seed = requested.seed }
    if let difference = try expected.firstDifference(from: stored) {
      throw SearchError.differentRun(
        folder: folder.path, key: difference.key, given: difference.ours, stored: difference.theirs)
    }
    return (store, stored)
  }

  private static func defaultFolder(_ configuration: RunConfiguration) -> String {
    let data = URL(fileURLWithPath: configuration.data).lastPathComponent
    let space = configuration.space
    let searched =
      switch space.task {
      case .detectionTwoStage: space.branch.rawValue
      case .detectionOneStage: "onestage-\(space.branch.rawValue)"
      case .segmentation: "formulas-\(space.metricName)"
      }
    return "runs/\(data)-\(searched)-seed\(configuration.seed)"
  }

  private func finish(_ result: SearchResult, folder: URL) {
    if output.json {
      Console.print(result.summary(run: folder.lastPathComponent))
    } else {
      Console.print(result.text)
    }
    Console.error("run: \(folder.path) (best.yaml holds the loss cards)")
  }

  private func printPlan(_ configuration: RunConfiguration, folder: URL, workers: Int) throws {
    let plan = SearchPlan(configuration.space)
    if output.json {
      Console.print([
        "type": "plan", "out": .string(folder.path), "workers": .int(workers), "plan": plan.json,
        "config": .string(try configuration.yaml()),
      ])
    } else {
      Console.print(try configuration.yaml())
      Console.print(plan.text)
      Console.print("folder: \(folder.path), workers: \(workers)")
    }
  }
}

extension SearchBranch: ExpressibleByArgument {}
