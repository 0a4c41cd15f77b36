import ArgumentParser
import Foundation
import JSONValues
import Losses
import Proxy
import Search

/// Scores the segmenter of a checkpoint, and writes the label maps that it finds.
struct SegmenterScoring: ParsableArguments {
  @Option(
    help: ArgumentHelp("A checkpoint of `surrogate train`, whose segmenter is scored on --data.", valueName: "file"))
  var checkpoint: String?
  @Option(
    help: ArgumentHelp(
      "The first of the scores: \(SegmentationMetric.allCases.map(\.rawValue).joined(separator: ", ")) (default: mIoU).",
      valueName: "M"))
  var metric: String?
  @OptionGroup var data: SegmentationDataOptions
  @OptionGroup var scoring: SegmentationScoringOptions
  @Option(
    help: ArgumentHelp("Folder for the label maps that were found: a PNG for each picture.", valueName: "dir"))
  var predictions: String?

  /// The options that were given, `--checkpoint` itself apart.
  var given: [String] {
    [
      ("--metric", metric != nil), ("--data", data.data != nil), ("--score-on", scoring.scoreOn != nil),
      ("--tolerance", scoring.tolerance != nil),
      (scoring.dropBackground == false ? "--no-drop-background" : "--drop-background", scoring.dropBackground != nil),
      ("--predictions", predictions != nil),
    ].filter { $0.1 }.map { $0.0 }
  }

  /// - Throws: `CheckpointError`, `DatasetError` and `SegmenterError` for files that cannot be used.
  func run(_ path: String, json: Bool) throws {
    try scoring.check()
    let metric = try metric.map { try SegmentationMetric(named: $0) } ?? .meanIoU
    if predictions == "" { throw InputError("--predictions: is empty; name a folder") }
    let checkpoint = try SegmenterCheckpoint(contentsOf: URL(fileURLWithPath: path), name: path)
    let splits = try data.open()
    let scored = scoring.split.images(of: splits)
    let trainer = try SegmentationTrainer(checkpoint.segmenter)
    if let predictions { try write(checkpoint.trained, trainer, scored, to: URL(fileURLWithPath: predictions)) }
    let settings = scoring.settings(for: scored)
    let scores = try trainer.scores(checkpoint.trained, on: scored, settings: settings)
    let text = SegmenterText(
      metric: metric, theta: checkpoint.loss, data: data.source, name: splits.name, split: scoring.split,
      classes: splits.classes, scoring: settings)
    if json { Console.print(text.json(scores, of: checkpoint)) } else { Console.print(text.table(scores)) }
  }

  private func write(
    _ trained: TrainedSegmenter, _ trainer: SegmentationTrainer, _ data: SegmentationDataset, to folder: URL
  ) throws {
    try TrainingFolder.makeFolder(folder)
    try trainer.segment(trained, in: data) { (image: Int, found: LabelMap) throws(CheckpointError) in
      let name = URL(fileURLWithPath: data.images[image].name).deletingPathExtension().lastPathComponent + ".png"
      try AtomicFile.write(PNGWriter.encode(found) ?? [], to: folder.appendingPathComponent(name))
    }
  }
}
