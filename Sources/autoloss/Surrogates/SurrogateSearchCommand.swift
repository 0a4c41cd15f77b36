import ArgumentParser
import Losses
import Proxy
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
  @OptionGroup var options: SearchOptions

  func run() throws {
    let workers = try WorkerCount.checked(options.workers)
    try options.check()
    let requested = SurrogateConfiguration(
      program: Machine.version, data: options.data ?? "synthetic", seed: options.seed ?? 1, space: try requestedSpace())
    let folder = options.folder(requested.space.metric.rawValue, of: requested)
    if options.dryRun {
      return try options.printPlan(SurrogatePlan(requested.space), of: requested, folder: folder, workers: workers)
    }
    let resumed = try options.reopened(folder) { asked(of: $0, requested) }
    var configuration = resumed?.configuration ?? requested
    // Everything that can be wrong with the input is found before the folder is made.
    let splits = try options.opened(configuration) { try DataOption.open($0, configuration.space.data) }
    configuration.space = configuration.space.resolved(hasBackground: splits.hasBackground)
    let source = try SegmentationEvaluatorSource(configuration.space, splits: splits)
    try options.walk(
      configuration, in: folder, resumed: resumed?.store, dataHash: splits.contentHash,
      kept: "best.yaml holds the loss card, report.html shows the search"
    ) { store, progress, cache in
      try SurrogateSearch(
        configuration, store: store, source: source, workers: workers, cache: cache, progress: progress,
        cancellation: Interrupts.cancellation, onGeneration: { if options.output.json { Console.print($0) } }
      ).run()
    }
  }

  private func requestedSpace() throws -> SurrogateSpace {
    let begun = options.begun(SurrogateConfiguration.self)?.space
    let metric =
      try metric.map { name throws(SegmentationLossError) in try SegmentationMetric(named: name) }
      ?? (options.spaceOptions.space == nil ? begun?.metric : nil)
    guard metric != nil || options.spaceOptions.space != nil || options.resume else {
      let names = SegmentationMetric.allCases.map(\.rawValue).joined(separator: ", ")
      throw InputError("--metric: is missing; say what to search a surrogate for (\(names))")
    }
    return try options.spaceOptions.resolved(for: metric, begun: begun)
  }

  /// What the stored run would have to be, by the options that were given.
  private func asked(
    of stored: SurrogateConfiguration, _ requested: SurrogateConfiguration
  ) -> SurrogateConfiguration {
    var expected = stored
    if options.spaceOptions.isGiven {
      expected.space = requested.space
      // The stored one was decided by the data, which is the same.
      if requested.space.surrogate.dropBackground == .whereNamed {
        expected.space.surrogate.dropBackground = stored.space.surrogate.dropBackground
      }
    } else if metric != nil {
      expected.space.metric = requested.space.metric
    }
    return expected
  }
}
