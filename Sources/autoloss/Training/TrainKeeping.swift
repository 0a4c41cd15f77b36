import ArgumentParser
import Foundation
import Proxy
import Search

/// The options of `train` that decide what is kept; none of them changes its result.
struct TrainKeeping: ParsableArguments {
  @Option(help: "Folder for checkpoints, predictions, TensorBoard's curves and results (default: nothing is kept).")
  var out: String?
  @Flag(help: "Go on with the training in the folder; options that are left out are those it was begun with.")
  var resume = false
  @Option(help: "Steps between checkpoints; one is written at the end and on Ctrl-C in any case.")
  var checkpointEvery = 200
  @Option(help: "Steps between scorings on the way, for TensorBoard; 0: only at the end.")
  var scoreEvery = 0
  @Option(help: ArgumentHelp("Folder for TensorBoard's event files (default: that of --out).", valueName: "dir"))
  var tensorboard: String?
  @Option(
    help: ArgumentHelp(
      "File for the detections in COCO results form; with several seeds, -seedN is put before the ending (with --out "
        + "they are kept there in any case).", valueName: "file"))
  var predictions: String?
  @Option(
    help: ArgumentHelp("Folder for figures: precision over recall by class, examples of detections.", valueName: "dir"))
  var figures: String?

  func folder() throws -> TrainingFolder? {
    for (name, value) in [
      ("out", out), ("tensorboard", tensorboard), ("predictions", predictions), ("figures", figures),
    ]
    where value == "" {
      throw InputError("--\(name): is empty; name a \(name == "predictions" ? "file" : "folder")")
    }
    if resume, out == nil { throw InputError("--resume: needs --out, the folder of the training to go on with") }
    guard (1...1_000_000).contains(checkpointEvery) else {
      throw InputError("--checkpoint-every \(checkpointEvery): must lie in 1 ... 1000000")
    }
    guard (0...1_000_000).contains(scoreEvery) else {
      throw InputError("--score-every \(scoreEvery): must lie in 0 ... 1000000")
    }
    return out.map { TrainingFolder(URL(fileURLWithPath: $0)) }
  }

  /// Makes the folders that are needed beside that of the training, so that a training does not end in an error.
  func prepare() throws {
    for (name, path) in [("out", out), ("figures", figures), ("tensorboard", tensorboard)] {
      guard let path else { continue }
      do {
        try TrainingFolder.makeFolder(URL(fileURLWithPath: path))
      } catch {
        throw InputError("--\(name) \(path): no folder can be made there; name another one")
      }
      guard FileManager.default.isWritableFile(atPath: path) else {
        throw InputError("--\(name) \(path): cannot be written to; name another folder")
      }
    }
    if let predictions {
      let above = URL(fileURLWithPath: predictions).deletingLastPathComponent()
      guard FileManager.default.isWritableFile(atPath: above.path) else {
        throw InputError("--predictions \(predictions): there is no folder \(above.path) that can be written to")
      }
    }
  }

  func records() throws -> TrainingRecords {
    let folder = try folder()
    return TrainingRecords(
      folder: folder, checkpointInterval: checkpointEvery,
      events: tensorboard.map { URL(fileURLWithPath: $0) } ?? folder?.url, scoringInterval: scoreEvery)
  }
}

/// Writes what one trained seed leaves beside the folder of its training.
struct TrainResultKeeper {
  let plan: TrainingPlan
  let scored: DetectionDataset
  /// Of the data.
  let name: String
  let keeping: TrainKeeping

  /// The paths of the files written.
  func keep(_ result: SeedResult) throws -> [String] {
    var paths: [String] = []
    if let predictions = keeping.predictions, result.evaluation != nil {
      let url = predictionFile(predictions, seed: result.seed)
      try AtomicFile.write(COCOText.results(result.detections, of: scored), to: url)
      paths.append(url.relativePath)
    }
    if let figures = keeping.figures {
      let title = "\(plan.space.detector.kind.rawValue) on \(name) (\(plan.scoreOn.rawValue))"
      paths += try TrainingFigures(title: title, data: scored, result: result).write(
        to: URL(fileURLWithPath: figures))
    }
    return paths
  }

  private func predictionFile(_ path: String, seed: UInt64) -> URL {
    let url = URL(fileURLWithPath: path)
    guard plan.seeds.count > 1 else { return url }
    let ending = url.pathExtension
    let stem = url.deletingPathExtension().lastPathComponent + "-seed\(seed)"
    return url.deletingLastPathComponent().appendingPathComponent(ending.isEmpty ? stem : stem + "." + ending)
  }
}
