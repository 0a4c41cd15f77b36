import ArgumentParser
import Foundation
import JSONValues
import Losses
import Proxy
import Reporting
import RunStore
import Search

/// The search for the theta of a surrogate.
struct SurrogateSearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Searches the curves of a surrogate loss and scores the best on the hold-out split.",
    discussion: """
      EXAMPLE: autoloss surrogate search --metric mIoU --data synthetic --seed 1
      EXAMPLE: autoloss surrogate search --resume --out runs/synthetic-mIoU-seed1

      Rewards come from search-val alone. Killed at any moment, the same command with --resume goes on \
      and ends with the same thetas and scores.
      """)

  @Option(
    help: ArgumentHelp(
      "What the surrogate stands for: \(SegmentationMetric.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "M"))
  var metric: String?
  @Option(help: "A data folder (mmsegmentation layout) or 'synthetic' (default: synthetic).")
  var data: String?
  @OptionGroup var spaceOptions: SpaceOptions
  @Option(help: "Seed of everything random (default: 1).")
  var seed: UInt64?
  @Option(help: "Threads; they change the time a run takes, never its result (default: one for each processor).")
  var workers: Int?
  @Option(help: "The run's folder (default: runs/<data>-<metric>-seed<seed>).")
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
    var configuration = resumed?.configuration ?? requested
    // Everything that can be wrong with the input is found before the folder is made.
    let splits = try DataOption.open(configuration.data, configuration.space.data)
    configuration.space = configuration.space.resolved(hasBackground: splits.hasBackground)
    let source = try SegmentationEvaluatorSource(configuration.space, splits: splits)
    let store =
      try resumed?.store ?? SearchStore.create(folder, configuration, dataHash: splits.contentHash)
    try SearchStore.checkData(store, hash: splits.contentHash, name: configuration.data)
    for warning in try SearchStore.warnings(store) { Console.error("warning: \(warning)") }
    let progress = ProgressReporter.standardError()
    let search = try SurrogateSearch(
      configuration, store: store, source: source, workers: workers, cache: ScoreCacheOption.open(cache),
      progress: progress, cancellation: Interrupts.cancellation,
      onGeneration: { if output.json { Console.print($0) } })
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

  private func requestedConfiguration() throws -> SurrogateConfiguration {
    if data == "" { throw InputError("--data: is empty; name a data folder, or 'synthetic'") }
    return SurrogateConfiguration(
      program: Machine.version, data: data ?? "synthetic", seed: seed ?? 1, space: try requestedSpace())
  }

  private func requestedSpace() throws -> SurrogateSpace {
    let metric = try metric.map { name throws(SegmentationLossError) in try SegmentationMetric(named: name) }
    guard metric != nil || spaceOptions.space != nil || resume else {
      let names = SegmentationMetric.allCases.map(\.rawValue).joined(separator: ", ")
      throw InputError("--metric: is missing; say what to search a surrogate for (\(names))")
    }
    return try spaceOptions.resolved(for: metric)
  }

  /// The stored run; options that were given must say what it was started with.
  private func reopen(
    _ folder: URL, _ requested: SurrogateConfiguration
  ) throws -> (store: RunStore, configuration: SurrogateConfiguration) {
    let store = try RunStore.resume(folder)
    let stored = try SearchStore.configuration(of: store, as: SurrogateConfiguration.self)
    var expected = stored
    if spaceOptions.isGiven {
      expected.space = requested.space
      // The stored one was decided by the data, which is the same.
      if requested.space.surrogate.dropBackground == .whereNamed {
        expected.space.surrogate.dropBackground = stored.space.surrogate.dropBackground
      }
    } else if metric != nil {
      expected.space.metric = requested.space.metric
    }
    if data != nil { expected.data = requested.data }
    if seed != nil { expected.seed = requested.seed }
    if let difference = try expected.firstDifference(from: stored) {
      throw SearchError.differentRun(
        folder: folder.path, key: difference.key, given: difference.ours, stored: difference.theirs)
    }
    return (store, stored)
  }

  private static func defaultFolder(_ configuration: SurrogateConfiguration) -> String {
    "runs/\(configuration.dataName)-\(configuration.space.metric.rawValue)-seed\(configuration.seed)"
  }

  private func finish(_ result: SurrogateResult, folder: URL) {
    if output.json {
      Console.print(result.summary(run: folder.lastPathComponent))
    } else {
      Console.print(result.text)
    }
    Console.error("run: \(folder.path) (best.yaml holds the loss card, report.html shows the search)")
  }

  private func printPlan(_ configuration: SurrogateConfiguration, folder: URL, workers: Int) throws {
    let plan = SurrogatePlan(configuration.space)
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
