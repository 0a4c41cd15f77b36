import ArgumentParser
import Losses
import Proxy
import Reporting
import RunStore
import Search

/// Options that several verbs share.
struct SpaceOptions: ParsableArguments {
  @Option(help: "Search space: the name of an embedded one (see `autoloss spaces`) or a YAML file.")
  var space: String?

  @Option(help: "Profile of the search space, such as demo.")
  var profile: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override one key of the search space; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  /// Whether any of them was given.
  var isGiven: Bool { space != nil || profile != nil || !overrides.isEmpty }

  /// - Parameter begun: the space of a run to go on with, which stands where neither file nor profile is named.
  func resolved(for task: SearchTask, begun: SearchSpace? = nil) throws -> SearchSpace {
    if let begun, begun.task == task, space == nil, profile == nil {
      return try SearchSpaceFile(name: "config.yaml", text: begun.yaml()).resolved(overrides: overrides)
    }
    let space = try SearchSpaceFile.named(space ?? task.rawValue).resolved(profile: profile, overrides: overrides)
    guard space.task == task else {
      throw InputError(
        "--space \(self.space ?? ""): this search space is for \(space.task.rawValue), not \(task.rawValue)")
    }
    return space
  }

  /// The same for surrogates.
  ///
  /// - Parameters:
  ///   - metric: what `--metric` says; nil: as the search space says.
  ///   - begun: the space of a run to go on with, which stands where neither file nor profile is named.
  func resolved(for metric: SegmentationMetric?, begun: SurrogateSpace? = nil) throws -> SurrogateSpace {
    if let begun, metric ?? begun.metric == begun.metric, space == nil, profile == nil {
      return try SearchSpaceFile(name: "config.yaml", text: begun.yaml()).resolvedSurrogate(overrides: overrides)
    }
    let name = space ?? SurrogateSpace.embeddedName(metric ?? .meanIoU)
    let found = try SearchSpaceFile.named(name).resolvedSurrogate(
      metric: metric ?? .meanIoU, profile: profile, overrides: overrides)
    if let metric, found.metric != metric {
      throw InputError(
        "--metric \(metric.rawValue): the search space \(name) is for \(found.metric.rawValue): leave one of them out")
    }
    return found
  }
}

extension SearchTask: ExpressibleByArgument {
  /// For options that do not take every task and list those that they take.
  static func parse(_ text: String) throws -> SearchTask {
    guard let task = SearchTask(rawValue: text) else {
      throw ValidationError("give one of \(ofDetectors.map(\.rawValue).joined(separator: ", "))")
    }
    return task
  }
}

enum ScoreCacheOption {
  /// The cache of scores unless it is not wanted; one that cannot be opened costs time, not results.
  static func open(_ isWanted: Bool) -> ScoreCache? {
    guard isWanted else { return nil }
    do {
      return try SearchStore.cache()
    } catch {
      Console.error("warning: going on without the score cache: \(error)")
      return nil
    }
  }
}

/// `--json` on every verb.
struct OutputOptions: ParsableArguments {
  @Flag(help: "One JSON object (or JSON Lines) on standard output; messages stay on standard error.")
  var json = false
}

enum DataOption {
  /// Opens the data and reports what is wrong with single files.
  static func open(_ source: String, _ settings: DataSettings) throws -> DetectionSplits {
    let splits = try DatasetReader.open(source, settings: settings)
    warn(splits.problems)
    return splits
  }

  /// The same for data with label maps.
  static func open(_ source: String, _ settings: SegmentationDataSettings) throws -> SegmentationSplits {
    let splits = try SegmentationReader.open(source, settings: settings)
    warn(splits.problems)
    return splits
  }

  private static func warn(_ problems: [DataProblem]) {
    for problem in problems.prefix(20) { Console.error("warning: \(problem)") }
    if problems.count > 20 { Console.error("warning: … and \(problems.count - 20) more of the like") }
  }
}

/// How many threads to use when nothing is said: the processors there are.
enum WorkerCount {
  static func checked(_ given: Int?) throws -> Int {
    let count = given ?? Machine.processorCount
    guard (1...256).contains(count) else { throw InputError("--workers \(count): must lie in 1 ... 256") }
    return count
  }
}

/// `--steps` on the verbs that train.
enum StepsOption {
  static func check(_ steps: Int?) throws {
    if let steps, !(1...1_000_000).contains(steps) { throw InputError("--steps \(steps): must lie in 1 ... 1000000") }
  }
}

extension InitialWeights: ExpressibleByArgument {
  public init?(argument: String) {
    if argument.isEmpty { return nil }
    self.init(argument)
  }
}

/// `--init` on the verbs that train.
enum InitialWeightsOption {
  /// The backbone to begin with, trained now where the cache has none, with progress on standard error.
  static func backbone(_ space: SearchSpace) throws -> BackboneWeights? {
    let progress = ProgressReporter.standardError()
    defer { progress.finish() }
    return try space.backbone(
      cancellation: Interrupts.cancellation,
      willTrain: { progress.message("training the shared backbone once; it is kept in \($0.file.path)") },
      progress: { progress.update(.pretraining($0, of: $1)) })
  }
}

extension ProgressState {
  /// Steps of a pretraining.
  static func pretraining(_ step: Int, of steps: Int) -> ProgressState {
    ProgressState(activity: "pretraining", done: step, total: steps, unit: "steps", showsTimeLeft: true)
  }
}
