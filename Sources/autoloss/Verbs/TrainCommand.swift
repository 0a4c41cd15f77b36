import ArgumentParser
import Foundation
import JSONValues
import Losses
import Proxy
import Reporting
import Search

/// Trains a detector with given losses and scores it.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains the small detector with given losses and scores it.",
    discussion: """
      EXAMPLE: autoloss train --loss-cls cse-autoloss-a --loss-reg giou --seeds 3
      EXAMPLE: autoloss train --detector fcos --loss-cls cse-autoloss-b --loss-reg cse-autoloss-b
      EXAMPLE: autoloss train --loss-cls best.yaml --loss-reg best.yaml#found-2-reg
      EXAMPLE: autoloss train --data my-folder --init synthetic --out runs/mine --figures figures
      EXAMPLE: autoloss train --resume --out runs/mine

      Losses are formulas, built-in names or card files (the first card that fits, or \
      the one named after #). Scores are those of the split that --score-on names. With \
      --out, checkpoints, predictions, TensorBoard's curves and results are kept in a \
      folder; stopped or killed at any moment, the same command with --resume goes on \
      and ends with the same weights.
      """)

  /// The schedules of a search space.
  enum Schedule: String, ExpressibleByArgument, CaseIterable {
    case final, proxy, verify
  }

  @OptionGroup(title: "What is trained") var setup: TrainSetup
  @OptionGroup(title: "Search space") var spaceOptions: SpaceOptions
  @OptionGroup(title: "What is kept") var keeping: TrainKeeping
  @Option(help: "Threads (default: one for each processor).")
  var workers: Int?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let workers = try WorkerCount.checked(workers)
    let folder = try keeping.folder()
    let stored = try keeping.resume ? folder?.plan() : nil
    if let folder, stored == nil, folder.holdsTraining { throw TrainingFolderError.exists(folder: folder.url.path) }
    var (plan, splits) = try begin(spaceOptions, stored: stored)
    try splits.require(masksFor: plan.space.detector.kind, scoring: [plan.scoreOn])
    plan.dataHash = splits.contentHash
    // A backbone takes its time; whether this training goes on with it is known before.
    if let stored, let folder { try plan.check(against: stored, folder: folder.url.path, comparesWeights: false) }
    let backbone = try backbone(&plan, stored: stored, folder: folder)
    if let stored, let folder { try plan.check(against: stored, folder: folder.url.path) }
    // Everything that can be wrong with the input was found by now.
    try keeping.prepare(plan.seeds)
    if let folder, stored == nil { try folder.create(plan) }
    let lock = folder?.lock()
    if let folder, lock == nil { throw TrainingFolderError.inUse(folder: folder.url.path) }
    if let folder, let stored, stored.seeds != plan.seeds { try folder.extend(to: plan) }
    try withExtendedLifetime(lock) {
      try train(plan, splits, backbone: backbone, folder: folder, workers: workers)
    }
  }

  /// What the seeds begin with; not read again where every seed stands in a checkpoint and the options name nothing.
  private func backbone(
    _ plan: inout TrainingPlan, stored: TrainingPlan?, folder: TrainingFolder?
  ) throws -> BackboneWeights? {
    if let stored, let folder, setup.initial == nil, plan.seeds.allSatisfy(folder.holds) {
      plan.initialHash = stored.initialHash
      return nil
    }
    let backbone = try InitialWeightsOption.backbone(plan.space)
    plan.initialHash = backbone?.contentHash ?? "none"
    return backbone
  }

  /// The plan and its data; small objects bring their profile where the options leave the choice.
  private func begin(
    _ options: SpaceOptions, stored: TrainingPlan?
  ) throws -> (plan: TrainingPlan, splits: DetectionSplits) {
    let plan = try setup.plan(options, stored: stored)
    let splits = try DataOption.open(plan.data, plan.space.data)
    guard options.space == nil, options.profile == nil, stored == nil,
      let small = SmallObjects(splits.searchTrain, input: plan.space.data)
    else { return (plan, splits) }
    Console.error("\(small): taking --profile \(SmallObjects.profile) (--profile standard does not)")
    var fitting = options
    fitting.profile = SmallObjects.profile
    let fitted = try setup.plan(fitting, stored: stored)
    return (fitted, try DataOption.open(fitted.data, fitted.space.data))
  }

  private func train(
    _ plan: TrainingPlan, _ splits: DetectionSplits, backbone: BackboneWeights?, folder: TrainingFolder?, workers: Int
  ) throws {
    let training = LossTraining(
      plan.space, schedule: plan.schedule, losses: plan.losses, split: plan.scoreOn, backbone: backbone,
      initialHash: plan.initialHash)
    let scored = training.scored(splits)
    let board = TrainingBoard(plan)
    var keeper = TrainResultKeeper(plan: plan, scored: scored, name: splits.name, keeping: keeping)
    do {
      let results = try training.run(
        seeds: plan.seeds, on: splits, workers: workers, records: try keeping.records(),
        cancellation: Interrupts.cancellation, progress: { board.update($0) }
      ) { result in
        board.message(TrainText.line(result))
        for line in keeper.keep(result) { board.message(line) }
      }
      board.finish()
      let json = TrainText.json(plan, results)
      if let folder {
        try AtomicFile.write(COCOText.groundTruth(scored), to: folder.groundTruth)
        try AtomicFile.write(json.description + "\n", to: folder.results)
      }
      if output.json { Console.print(json) } else { Console.print(TrainText.table(plan, results, name: splits.name)) }
      if let folder { Console.error("kept in \(folder.url.path)") }
      if keeper.hasFailed || results.contains(where: { $0.evaluation == nil }) {
        throw ExitCode(ExitStatus.failed.rawValue)
      }
    } catch is Interrupted {
      board.finish()
      guard let folder else {
        Console.error("interrupted; nothing is kept without --out")
        throw ExitCode(ExitStatus.interrupted.rawValue)
      }
      Console.error("checkpoint written to \(folder.url.path)")
      throw Interrupted()
    }
  }
}

extension LossTraining.Split: ExpressibleByArgument {}
extension DetectorKind: ExpressibleByArgument {}
