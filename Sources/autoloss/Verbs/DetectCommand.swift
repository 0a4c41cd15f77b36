import ArgumentParser
import Foundation
import JSONValues
import Proxy
import Reporting

/// Boxes drawn on a user's own pictures.
struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect", abstract: "Finds objects in your own pictures (JPEG, PNG) and draws them.",
    discussion: """
      EXAMPLE: autoloss detect --checkpoint runs/mine/seed-1/checkpoint.safetensors photo.jpg
      EXAMPLE: autoloss detect --checkpoint c.safetensors --json *.jpg > found.json

      Pictures with boxes are written as PNG into the folder --out. With --json, the \
      findings are printed in COCO's form, and pictures are drawn only with --out. \
      Pictures that cannot be read are named, the others go on, and the exit code is 1.
      """)

  @Option(help: "A checkpoint that `train --out` wrote.")
  var checkpoint: String
  @Argument(help: ArgumentHelp("Pictures, JPEG or PNG.", valueName: "image"))
  var images: [String]
  @Option(help: "Folder for the pictures with boxes (default: detections).")
  var out: String?
  @Option(help: "Least score of what is shown, 0 to 1.")
  var threshold = 0.5
  @OptionGroup var output: OutputOptions

  /// One picture with what is in it.
  private struct Outcome {
    let id: Int
    let path: String
    let width, height: Int
    let findings: [PictureDetector.Finding]
    let drawn: String?
  }

  func run() throws {
    guard (0...1).contains(threshold) else { throw InputError("--threshold \(threshold): must lie in 0 ... 1") }
    if out == "" { throw InputError("--out: is empty; name a folder") }
    let checkpoint = try Checkpoint(contentsOf: URL(fileURLWithPath: checkpoint), name: checkpoint)
    if !checkpoint.isFinished {
      Console.error(
        "warning: this training is not finished (step \(checkpoint.state.step) of \(checkpoint.training.steps))")
    }
    let detector = try PictureDetector(checkpoint)
    let folder = out ?? (output.json ? nil : "detections")
    if let folder { try makeFolder(folder) }
    var outcomes: [Outcome] = []
    var problems: [(path: String, problem: String)] = []
    var names = PictureNames()
    for (index, path) in images.enumerated() {
      if Interrupts.cancellation.isRequested { throw ExitCode(ExitStatus.interrupted.rawValue) }
      do {
        outcomes.append(
          try look(at: path, id: index + 1, detector, checkpoint, folder: folder, names: &names))
      } catch let error as PictureProblem {
        Console.error("error: \(path): \(error.reason)")
        problems.append((path, error.reason))
      }
    }
    if output.json {
      Console.print(json(outcomes, problems, checkpoint))
    } else {
      for outcome in outcomes { Console.print(text(outcome, checkpoint)) }
    }
    if !problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private func look(
    at path: String, id: Int, _ detector: PictureDetector, _ checkpoint: Checkpoint, folder: String?,
    names: inout PictureNames
  ) throws -> Outcome {
    let picture = try PictureProblem.read(path)
    let findings = try detector.detect(in: picture, threshold: threshold)
    let drawn = folder.map { $0 + "/" + names.name(for: path) }
    if let drawn {
      // Weak ones first, so that the best lie on top.
      let marks = findings.reversed().map { found in
        MarkedPicture.Mark(
          x: found.box.x, y: found.box.y, width: found.box.width, height: found.box.height,
          label: checkpoint.classes[found.label] + String(format: " %.2f", found.score),
          colour: .ofSeries(found.label))
      }
      do throws(FigureError) {
        var marked = MarkedPicture(width: picture.width, height: picture.height, pixels: picture.bytes, marks: marks)
        for found in findings {
          if let mask = found.mask { marked.tint(mask.bitmap(), with: .ofSeries(found.label)) }
        }
        try marked.write(to: drawn)
      } catch {
        guard case .bitmap(let problem) = error else { throw error }
        throw PictureProblem(reason: problem)
      }
    }
    return Outcome(
      id: id, path: path, width: picture.width, height: picture.height, findings: findings, drawn: drawn)
  }

  private func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw InputError("--out \(path): no folder can be made there; choose another one")
    }
  }

  private func text(_ outcome: Outcome, _ checkpoint: Checkpoint) -> String {
    let lines = outcome.findings.map { found in
      "  \(checkpoint.classes[found.label])"
        + String(
          format: " %.2f  x %.0f y %.0f  %.0f x %.0f", found.score, found.box.x, found.box.y, found.box.width,
          found.box.height)
    }
    let count = outcome.findings.count
    let head = "\(outcome.path): \(count) object\(count == 1 ? "" : "s")" + (outcome.drawn.map { " → \($0)" } ?? "")
    return ([head] + lines).joined(separator: "\n")
  }

  private func json(
    _ outcomes: [Outcome], _ problems: [(path: String, problem: String)], _ checkpoint: Checkpoint
  ) -> JSONValue {
    let categories = zip(checkpoint.categoryIDs, checkpoint.classes).map { id, name -> JSONValue in
      ["id": .int(id), "name": .string(name)]
    }
    let images = outcomes.map { outcome -> JSONValue in
      [
        "id": .int(outcome.id), "file_name": .string(outcome.path), "width": .int(outcome.width),
        "height": .int(outcome.height), "drawn": outcome.drawn.map { .string($0) } ?? .null,
      ]
    }
    let results = outcomes.flatMap { outcome in
      outcome.findings.map { found -> JSONValue in
        let box = found.box
        var members: [JSONValue.Member] = [
          .init("image_id", .int(outcome.id)), .init("category_id", .int(checkpoint.categoryIDs[found.label])),
          .init("bbox", [.double(box.x), .double(box.y), .double(box.width), .double(box.height)]),
          .init("score", .double(found.score)),
        ]
        if let mask = found.mask {
          let size: JSONValue = [.int(mask.height), .int(mask.width)]
          members.append(.init("segmentation", ["size": size, "counts": .string(mask.compressedCounts)]))
        }
        return .object(members)
      }
    }
    let unread = problems.map { problem -> JSONValue in
      ["file_name": .string(problem.path), "problem": .string(problem.problem)]
    }
    return [
      "images": .array(images), "categories": .array(categories), "results": .array(results),
      "problems": .array(unread),
    ]
  }
}
