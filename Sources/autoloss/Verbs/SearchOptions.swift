import ArgumentParser
import Foundation
import JSONValues
import Proxy
import Reporting
import RunStore
import Search

/// What the verbs that search have in common: options, the run's folder, going on with a stored run, the way to the end.
struct SearchOptions: ParsableArguments {
  @Option(
    help:
      "A data folder (COCO or VOC layout; label maps for segmenters) or 'synthetic' (default: synthetic; with --resume: where the run had it)."
  )
  var data: String?
  @OptionGroup var spaceOptions: SpaceOptions
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

  /// Refuses empty texts.
  func check() throws {
    if data == "" { throw InputError("--data: is empty; name a data folder, or 'synthetic'") }
    if out == "" { throw InputError("--out: is empty; name a folder for the run") }
  }

  /// - Parameter searched: what is searched, as a part of a folder's name.
  func folder(_ searched: String, of configuration: some StoredConfiguration) -> URL {
    let name = URL(fileURLWithPath: configuration.data).standardizedFileURL.lastPathComponent
    return URL(fileURLWithPath: out ?? "runs/\(name)-\(searched)-seed\(configuration.seed)")
  }

  /// What the run to go on with was started with, for options that were left out; nil where there is none to be read, of
  /// which `reopened` says why.
  func begun<Configuration: StoredConfiguration>(_ type: Configuration.Type) -> Configuration? {
    guard resume, let out, let store = try? RunStore.read(URL(fileURLWithPath: out)) else { return nil }
    defer { try? store.close() }
    return try? SearchStore.configuration(of: store, as: type)
  }

  /// The stored run with --resume, else nil; then no run may lie in the folder.
  ///
  /// - Parameter asked: the stored configuration with what the command line says in its place. Where the data lies does not
  ///   matter; what it holds is compared when it is read.
  func reopened<Configuration: StoredConfiguration>(
    _ folder: URL, asked: (_ stored: Configuration) throws -> Configuration
  ) throws -> (store: RunStore, configuration: Configuration)? {
    guard resume else {
      if RunStore.holdsRun(folder) { throw RunStoreError.runExists(folder: folder.path) }
      return nil
    }
    let store = try RunStore.resume(folder)
    let stored = try SearchStore.configuration(of: store, as: Configuration.self)
    var expected = try asked(stored)
    if let seed { expected.seed = seed }
    if let difference = try expected.firstDifference(from: stored) {
      throw SearchError.differentRun(
        folder: folder.path, key: difference.key, given: difference.ours, stored: difference.theirs)
    }
    return (store, stored)
  }

  /// Reads the data of a run, from where the command line says it lies, else from where it lay at the start.
  func opened<Splits>(
    _ configuration: some StoredConfiguration, _ open: (_ source: String) throws -> Splits
  ) throws -> Splits {
    do {
      return try open(data ?? configuration.data)
    } catch DatasetError.folderMissing(let path) where resume && data == nil {
      throw InputError(
        "--data: the run was started with the data folder '\(path)', and there is none from here; name where it lies now"
      )
    }
  }

  /// Walks a search to its end, in a new folder or where the stored run stands, and prints what it found.
  ///
  /// - Parameter kept: what the folder holds then, for people.
  func walk<Found: FinishedSearch>(
    _ configuration: some StoredConfiguration, in folder: URL, resumed: RunStore?, dataHash: String,
    initialHash: String = "none", kept: String,
    search: (_ store: RunStore, _ progress: ProgressReporter, _ cache: ScoreCache?) throws -> Found
  ) throws {
    let store =
      try resumed ?? SearchStore.create(folder, configuration, dataHash: dataHash, initialHash: initialHash)
    try SearchStore.checkWeights(store, hash: initialHash)
    try SearchStore.checkData(store, hash: dataHash, name: data ?? configuration.data)
    for warning in try SearchStore.warnings(store) { Console.error("warning: \(warning)") }
    let progress = ProgressReporter.standardError()
    store.log(resume ? "resumed" : "started")
    do {
      let result = try search(store, progress, ScoreCacheOption.open(cache))
      progress.finish()
      store.log("finished")
      try store.close()
      if output.json {
        Console.print(result.summary(run: folder.lastPathComponent))
      } else {
        Console.print(result.text)
      }
      Console.error("run: \(folder.path) (\(kept))")
    } catch let error as Interrupted {
      progress.finish()
      store.log("interrupted")
      try store.checkpoint()
      try store.close()
      Console.error("checkpoint written to \(folder.path)")
      throw error
    }
  }

  /// What --dry-run prints.
  func printPlan(
    _ plan: some PlannedSearch, of configuration: some StoredConfiguration, folder: URL, workers: Int
  ) throws {
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
