import ArgumentParser
import Foundation
import Losses
import Proxy
import Search
import Surrogates

/// Trains a segmenter with a given loss and scores it.
struct SurrogateTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains the small segmenter with a given loss and scores it on all metrics.",
    discussion: """
      EXAMPLE: autoloss surrogate train --metric mIoU --theta published --data my-folder --seeds 3
      EXAMPLE: autoloss surrogate train --theta ce --steps 300
      EXAMPLE: autoloss surrogate train --theta best.yaml --data my-folder --out runs/mine

      Losses are ce (cross entropy), dice, lovasz, published (the authors' find for the \
      metric), a built-in loss of pixels (\(ThetaArgument.names.dropFirst(4).joined(separator: ", "))), a loss card of mode SURROGATE or MULTI_CLS, a .json file with a list of \
      Bezier control points (piecewise-linear ones need a card), or a formula of X and Y such as "Neg(Dot(Y,Log(Softmax(X))))". The score is that of the split that --score-on names. With --out, a \
      checkpoint of each seed is kept; stopped or killed at any moment, the same command \
      goes on from there with --resume and ends with the same weights.
      """)

  @Option(
    help: ArgumentHelp(
      "What `published` and a list of control points stand for, and the first of the scores: "
        + "\(SegmentationMetric.allCases.map(\.rawValue).joined(separator: ", ")) (default: the card's, else mIoU)."))
  var metric: String?
  @Option(help: "The loss: published, ce, dice, lovasz, a file or a formula (see above).")
  var theta = "published"
  @OptionGroup var data: SegmentationDataOptions
  @Option(help: "Optimizer steps.")
  var steps = SegmentationTrainingSettings.final.schedule.steps
  @Option(help: "How many seeds.")
  var seeds = 1
  @Option(help: "The first seed; the others follow it.")
  var firstSeed: UInt64 = 1
  @OptionGroup var scoring: SegmentationScoringOptions
  @Option(help: "Threads (default: one for each processor).")
  var workers: Int?
  @Option(help: "Folder for the checkpoints and results (default: nothing is kept).")
  var out: String?
  @Flag(help: "Go on with the training in the folder; give the same options again.")
  var resume = false
  @Option(help: "Steps between checkpoints; one is written at the end and on Ctrl-C in any case.")
  var checkpointEvery = 200
  @OptionGroup var output: OutputOptions

  func run() throws {
    let workers = try WorkerCount.checked(workers)
    let settings = SegmentationTrainingSettings.final.with(steps: steps)
    try settings.validate(for: .standard)
    guard (1...1000).contains(seeds) else { throw InputError("--seeds \(seeds): must lie in 1 ... 1000") }
    guard firstSeed <= UInt64(Int.max) - 1000 else { throw InputError("--first-seed \(firstSeed): is too large") }
    guard (1...1_000_000).contains(checkpointEvery) else {
      throw InputError("--checkpoint-every \(checkpointEvery): must lie in 1 ... 1000000")
    }
    try scoring.check()
    let named = try metric.map { try SegmentationMetric(named: $0) }
    let argument = try ThetaArgument(
      theta, metric: named, tolerance: scoring.tolerance, dropsBackground: scoring.dropBackground)
    let chosen = (0..<UInt64(seeds)).map { firstSeed + $0 }
    let folder = try folder(chosen)
    let splits = try data.open()
    let lock = folder.flatMap { TrainingFolder($0).lock() }
    if let folder, lock == nil { throw TrainingFolderError.inUse(folder: folder.path) }
    let training = SegmenterTraining(
      training: settings, loss: argument.loss(hasBackground: splits.hasBackground), split: scoring.split,
      scoring: scoring.settings(for: splits.searchTrain), folder: folder, checkpointInterval: checkpointEvery)
    let text = SegmenterText(
      metric: argument.metric, theta: theta, data: data.source, name: splits.name, split: scoring.split,
      classes: splits.classes, scoring: training.scoring)
    try withExtendedLifetime(lock) { try train(training, chosen, splits, text, workers: workers) }
  }

  /// The folder of `--out`, made where it is new.
  private func folder(_ seeds: [UInt64]) throws -> URL? {
    if resume, out == nil { throw InputError("--resume: needs --out, the folder of the training to go on with") }
    if out == "" { throw InputError("--out: is empty; name a folder") }
    guard let url = out.map({ URL(fileURLWithPath: $0) }) else { return nil }
    let begun = seeds.map { SegmenterTraining.checkpoint($0, in: url) }
      .contains { FileManager.default.fileExists(atPath: $0.path) }
    if begun, !resume { throw TrainingFolderError.exists(folder: url.path) }
    if !begun, resume { throw TrainingFolderError.missing(folder: url.path) }
    try TrainingFolder.makeFolder(url)
    return url
  }

  private func train(
    _ training: SegmenterTraining, _ seeds: [UInt64], _ splits: SegmentationSplits, _ text: SegmenterText, workers: Int
  ) throws {
    let board = TrainingBoard(
      seeds: seeds, steps: steps, imagesPerStep: training.training.schedule.imagesPerBatch)
    do {
      let results = try training.run(
        seeds: seeds, on: splits, workers: workers, cancellation: Interrupts.cancellation,
        progress: { board.update($0) }, report: { board.message(text.line($0)) })
      board.finish()
      let json = text.json(results, of: training)
      if let folder = training.folder {
        try AtomicFile.write(json.description + "\n", to: folder.appendingPathComponent("results.json"))
      }
      if output.json { Console.print(json) } else { Console.print(text.table(results)) }
      if let folder = training.folder { Console.error("kept in \(folder.path)") }
      if results.contains(where: { $0.scores == nil }) { throw ExitCode(ExitStatus.failed.rawValue) }
    } catch is Interrupted {
      board.finish()
      guard let folder = training.folder else {
        Console.error("interrupted; nothing is kept without --out")
        throw ExitCode(ExitStatus.interrupted.rawValue)
      }
      Console.error("checkpoint written to \(folder.path)")
      throw Interrupted()
    }
  }
}
