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
  func prepare(_ seeds: [UInt64]) throws {
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
    guard let predictions else { return }
    let above = URL(fileURLWithPath: predictions).deletingLastPathComponent()
    guard FileManager.default.isWritableFile(atPath: above.path) else {
      throw InputError("--predictions \(predictions): there is no folder \(above.path) that can be written to")
    }
    for file in seeds.map({ predictionFile(predictions, seed: $0, of: seeds.count) }) {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), isFolder.boolValue {
        throw InputError("--predictions \(predictions): \(file.relativePath) is a folder; name a file")
      }
    }
  }

  /// The file of a seed, one of `count`.
  func predictionFile(_ path: String, seed: UInt64, of count: Int) -> URL {
    let url = URL(fileURLWithPath: path)
    guard count > 1 else { return url }
    let ending = url.pathExtension
    let stem = url.deletingPathExtension().lastPathComponent + "-seed\(seed)"
    return url.deletingLastPathComponent().appendingPathComponent(ending.isEmpty ? stem : stem + "." + ending)
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
  /// Whether something could not be written.
  private(set) var hasFailed = false

  init(plan: TrainingPlan, scored: DetectionDataset, name: String, keeping: TrainKeeping) {
    (self.plan, self.scored, self.name, self.keeping) = (plan, scored, name, keeping)
  }

  /// A line for each file; one that cannot be written costs neither the scores nor the other seeds.
  mutating func keep(_ result: SeedResult) -> [String] {
    var lines: [String] = []
    for (option, written) in [
      ("--predictions", Result { try writePredictions(result) }), ("--figures", Result { try drawFigures(result) }),
    ] {
      switch written {
      case .success(let paths): lines += paths.map { "wrote \($0)" }
      case .failure(let error):
        hasFailed = true
        lines.append("error: \(option): \(error)")
      }
    }
    return lines
  }

  private func writePredictions(_ result: SeedResult) throws -> [String] {
    guard let predictions = keeping.predictions, result.evaluation != nil else { return [] }
    let url = keeping.predictionFile(predictions, seed: result.seed, of: plan.seeds.count)
    try AtomicFile.write(COCOText.results(result.detections, of: scored), to: url)
    return [url.relativePath]
  }

  private func drawFigures(_ result: SeedResult) throws -> [String] {
    guard let figures = keeping.figures else { return [] }
    let title = "\(plan.space.detector.kind.rawValue) on \(name) (\(plan.scoreOn.rawValue))"
    return try TrainingFigures(title: title, data: scored, result: result).write(to: URL(fileURLWithPath: figures))
  }
}
