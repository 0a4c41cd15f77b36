import ArgumentParser
import Foundation
import JSONValues
import Proxy
import Reporting
import Search

/// The shared warm start.
struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain", abstract: "Trains a backbone once on synthetic scenes, for `--init synthetic`.",
    discussion: """
      EXAMPLE: autoloss pretrain
      EXAMPLE: autoloss pretrain --set data.height=160 --steps 4000 --out backbone.safetensors

      The weights are kept in the user's cache, one file for each input size, backbone, \
      steps and seed; `--init synthetic` finds or makes those of its search space (all \
      steps, seed 1). Another backbone is used with --init FILE.
      """)

  @Option(
    help: ArgumentHelp(
      "Task whose search space decides backbone and input size: "
        + SearchTask.ofDetectors.map(\.rawValue).joined(separator: ", ") + ".", valueName: "task"),
    transform: SearchTask.parse)
  var task = SearchTask.detectionTwoStage
  @OptionGroup var spaceOptions: SpaceOptions
  @Option(help: "Steps (default: those of a final training).")
  var steps: Int?
  @Option(help: "Seed of the training.")
  var seed: UInt64 = 1
  @Option(help: "Write the weights to this file, too.")
  var out: String?
  @Flag(help: "Train anew, even if the cache has the weights.")
  var again = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    if out == "" { throw InputError("--out: is empty; name a file") }
    guard SearchTask.ofDetectors.contains(task) else {
      throw InputError("--task \(task.rawValue): has no backbone to share; segmenters begin with drawn weights")
    }
    try StepsOption.check(steps)
    for text in spaceOptions.overrides where !Self.isRead(text) {
      throw InputError(
        "--set \(text): a pretraining reads \(Self.keys.joined(separator: ", ")) of the search space alone; its "
          + "schedule is that of a final training of --steps, its scenes are always the same")
    }
    let pretraining = Pretraining(try spaceOptions.resolved(for: task), steps: steps, seed: seed)
    try pretraining.training.validate()
    let start = ProcessInfo.processInfo.systemUptime
    let kept = again ? nil : pretraining.kept()
    let (backbone, score) = try kept.map { ($0, nil) } ?? train(pretraining)
    if let out { try pretraining.write(backbone, to: URL(fileURLWithPath: out), score: score) }
    let seconds = ProcessInfo.processInfo.systemUptime - start
    guard output.json else {
      var table = TextTable([.init("backbone"), .init("")])
      table.add("file", out ?? pretraining.file.path)
      table.add("content hash", backbone.contentHash)
      if let score { table.add("AP50 on synthetic scenes", String(format: "%.3f", score.ap50)) }
      table.add("trained", kept == nil ? String(format: "now, in %.0f s", seconds) : "before; --again trains anew")
      return Console.print(table.description)
    }
    Console.print([
      "file": .string(out ?? pretraining.file.path), "content_hash": .string(backbone.contentHash),
      "trained": .bool(kept == nil), "AP50": score.map { .double($0.ap50) } ?? .null, "seconds": .double(seconds),
    ])
  }

  /// The parts of a search space that a backbone depends on.
  private static let keys = ["detector.backbone", "data.height", "data.width"]

  private static func isRead(_ override: String) -> Bool {
    let key = override.prefix { $0 != "=" }
    return keys.contains { key == $0 || key.hasPrefix($0 + ".") }
  }

  private func train(_ pretraining: Pretraining) throws -> (BackboneWeights, DetectionScore?) {
    let progress = ProgressReporter.standardError()
    defer { progress.finish() }
    let (scenes, steps) = (pretraining.data.synthetic.trainImages, pretraining.training.steps)
    progress.message("drawing \(scenes) scenes, then training for \(steps) steps")
    do {
      let result = try pretraining.run(cancellation: Interrupts.cancellation) {
        progress.update(.pretraining($0, of: $1))
      }
      return (result.backbone, result.score)
    } catch is Interrupted {
      progress.finish()
      Console.error("interrupted; nothing is kept")
      throw ExitCode(ExitStatus.interrupted.rawValue)
    }
  }
}
