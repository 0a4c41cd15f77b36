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
  @OptionGroup var data: SegmentationDataOptions
  @OptionGroup var scoring: SegmentationScoringOptions
  @Option(
    help: ArgumentHelp("Folder for the label maps that were found: a PNG for each picture.", valueName: "dir"))
  var predictions: String?

  /// - Throws: `CheckpointError`, `DatasetError` and `SegmenterError` for files that cannot be used.
  func run(_ path: String, json: Bool) throws {
    try scoring.check()
    if predictions == "" { throw InputError("--predictions: is empty; name a folder") }
    let checkpoint = try SegmenterCheckpoint(contentsOf: URL(fileURLWithPath: path), name: path)
    let splits = try data.open()
    let scored = scoring.scoreOn.images(of: splits)
    let trainer = try SegmentationTrainer(checkpoint.segmenter)
    if let predictions { try write(checkpoint.trained, trainer, scored, to: URL(fileURLWithPath: predictions)) }
    let scores = try trainer.scores(checkpoint.trained, on: scored, settings: scoring.settings(for: scored))
    let text = SegmenterText(
      metric: .meanIoU, theta: checkpoint.loss, data: data.data, name: splits.name, split: scoring.scoreOn,
      classes: splits.classes)
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
