import ArgumentParser

/// Auto Seg-Loss: surrogate losses of segmentation metrics.
struct SurrogateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "surrogate",
    abstract: "Surrogate losses of segmentation metrics (Auto Seg-Loss).",
    discussion: """
      EXAMPLE: autoloss surrogate search --metric mIoU --data synthetic --seed 1
      EXAMPLE: autoloss surrogate train --metric mIoU --theta published --data my-folder
      EXAMPLE: autoloss surrogate eval --batch losses.jsonl --json
      """,
    subcommands: [SurrogateSearchCommand.self, SurrogateTrainCommand.self, SurrogateEvalCommand.self])
}
