import Foundation
import Testing

/// The whole command on a tiny task: real detector, real data, killed for real.
@Suite(.serialized) struct EvolveEndToEndTests {
  /// Small enough for seconds; nothing in it is meant to be a good search.
  static let tiny = """
    warmStart: {classification: [cross-entropy], regression: [giou]}
    evolution: {generations: 1, candidatesPerGeneration: 24, populationSize: 4, proxyCandidates: 2, parents: 2, elite: 1}
    selection: {simulatedCandidates: 4, thresholdShare: 0, screeningBatch: 8, promotedCandidates: 2, promotionSeeds: 2,
                finalCombinations: 1, finalSeeds: 2}
    detector:
      backbone: {stemChannels: 8, stageChannels: [8, 8], blocksPerStage: 0, pyramidChannels: 8}
      proposals: {channels: 8, beforeSuppression: 40, kept: 16}
      head: {cells: 3, hidden: 16}
    data: {height: 48, width: 64, synthetic: {trainImages: 12, validationImages: 6, holdOutImages: 6}}
    training:
      verify: {steps: 3, warmUpSteps: 1}
      proxy: {steps: 6, warmUpSteps: 2}
      final: {steps: 8, warmUpSteps: 2}
    """

  private func arguments(_ folder: URL, out: String, workers: Int) throws -> [String] {
    let space = folder.appendingPathComponent("tiny.yaml")
    try Data(Self.tiny.utf8).write(to: space)
    return [
      "evolve", "--task", "detection-twostage", "--data", "synthetic", "--space", space.path, "--seed", "5",
      "--workers",
      "\(workers)", "--out", out, "--json", "--no-cache",
    ]
  }

  /// The summary without the name of the run.
  private func result(_ output: Command.Output) throws -> String {
    let line = try #require(output.out.split(separator: "\n").last, "\(output.err)")
    let start = try #require(line.range(of: "\"seed\":"), "\(line)")
    return String(line[start.lowerBound...])
  }

  @Test func killedAndResumedItEndsAlikeForAnyNumberOfWorkers() throws {
    try withScratchFolder { folder in
      let whole = try Command.run(arguments(folder, out: "whole", workers: 1), in: folder)
      #expect(whole.status == 0, "\(whole.err)")
      let expected = try result(whole)
      #expect(expected.contains("\"generated\":48") && expected.contains("cross-entropy + giou"))
      let cards = try String(contentsOf: folder.appendingPathComponent("whole/best.yaml"), encoding: .utf8)

      let two = try Command.run(arguments(folder, out: "two", workers: 2), in: folder)
      #expect(try result(two) == expected)

      var kills = 0
      var resume: [String] = []
      for delay in [0.3, 0.5, 0.7, 1.0, 1.4] {
        let process = Command.process(try arguments(folder, out: "killed", workers: 2) + resume, in: folder)
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        Thread.sleep(forTimeInterval: delay)
        if process.isRunning {
          kill(process.processIdentifier, SIGKILL)
          kills += 1
        }
        process.waitUntilExit()
        let exists = FileManager.default.fileExists(atPath: folder.appendingPathComponent("killed/run.sqlite").path)
        resume = exists ? ["--resume"] : []
      }
      let resumed = try Command.run(arguments(folder, out: "killed", workers: 1) + resume, in: folder)
      #expect(resumed.status == 0, "\(resumed.err)")
      #expect(try result(resumed) == expected, "after \(kills) kills")
      #expect(try String(contentsOf: folder.appendingPathComponent("killed/best.yaml"), encoding: .utf8) == cards)

      let report = try Command.run(["report", "killed"], in: folder)
      #expect(report.status == 0 && report.out.contains("finished") && report.out.contains("Hold-out"))
      let again = try Command.run(arguments(folder, out: "whole", workers: 1), in: folder)
      #expect(again.status == 2 && again.err.contains("--resume"), "\(again.err)")
      let other = try Command.run(["evolve", "--resume", "--out", "whole", "--seed", "6"], in: folder)
      #expect(other.status == 2 && other.err.contains("seed = 5"), "\(other.err)")
    }
  }

  /// The other tasks on the same tiny scale: the whole walk, killed once and resumed to the same end.
  @Test(arguments: [
    (
      "detection-onestage",
      """
      task: detection-onestage
      warmStart: {classification: [focal], regression: [giou]}
      evolution: {generations: 1, candidatesPerGeneration: 24, populationSize: 4, proxyCandidates: 2, parents: 2, elite: 1}
      selection: {simulatedCandidates: 4, thresholdShare: 0, screeningBatch: 8, promotedCandidates: 2, promotionSeeds: 2,
                  finalCombinations: 1, finalSeeds: 2}
      detector:
        backbone: {stemChannels: 8, stageChannels: [8, 8], pyramidChannels: 8}
        oneStage: {channels: 8, convolutions: 1}
      data: {height: 48, width: 64, synthetic: {trainImages: 12, validationImages: 6, holdOutImages: 6}}
      training: {verify: {steps: 3, warmUpSteps: 1}, proxy: {steps: 6, warmUpSteps: 2}, final: {steps: 8, warmUpSteps: 2}}
      """, ["focal + giou", "cse-autoloss-b"]
    ),
    (
      "segmentation",
      """
      task: segmentation
      evolution: {generations: 1, candidatesPerGeneration: 24, populationSize: 4, proxyCandidates: 2, parents: 2, elite: 1}
      selection: {simulatedCandidates: 4, thresholdShare: 0, screeningBatch: 8, promotedCandidates: 2, promotionSeeds: 2,
                  finalCombinations: 1, finalSeeds: 2}
      segmentation:
        segmenter: {stemChannels: 8, stageChannels: [8, 16], contextChannels: 8, decoderChannels: 8}
        data: {synthetic: {trainImages: 12, validationImages: 4, holdOutImages: 4}}
        training:
          verify: {schedule: {steps: 3, warmUpSteps: 1, imagesPerBatch: 2}, crop: 32}
          proxy: {schedule: {steps: 6, warmUpSteps: 2, imagesPerBatch: 2}, crop: 32}
          final: {schedule: {steps: 8, warmUpSteps: 2, imagesPerBatch: 2}, crop: 32}
      """, ["published", "cross-entropy", "\"BIoU\""]
    ),
  ])
  func theOtherTasksEndAlike(task: String, space: String, parts: [String]) throws {
    try withScratchFolder { folder in
      let file = folder.appendingPathComponent("tiny.yaml")
      try Data(space.utf8).write(to: file)
      func arguments(_ out: String) -> [String] {
        [
          "evolve", "--task", task, "--space", file.path, "--seed", "5", "--workers", "2", "--out", out, "--json",
          "--no-cache",
        ]
      }
      let whole = try Command.run(arguments("whole"), in: folder)
      #expect(whole.status == 0, "\(whole.err)")
      let expected = try result(whole)
      for part in parts { #expect(expected.contains(part), "\(part)") }
      let process = Command.process(arguments("killed"), in: folder)
      (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
      try process.run()
      Thread.sleep(forTimeInterval: 0.6)
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      let exists = FileManager.default.fileExists(atPath: folder.appendingPathComponent("killed/run.sqlite").path)
      let resumed = try Command.run(arguments("killed") + (exists ? ["--resume"] : []), in: folder)
      #expect(try result(resumed) == expected, "\(resumed.err)")
      let report = try Command.run(["report", "whole"], in: folder)
      #expect(report.status == 0 && report.out.contains(task))
      // What a continuation leaves out is as the run was begun.
      let other = try Command.run(["evolve", "--resume", "--out", "whole", "--set", "evolution.parents=3"], in: folder)
      #expect(other.status == 2 && other.err.contains("was started with space.evolution.parents = "), "\(other.err)")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func controlCCheckpointsAndEndsWith130(signal: Int32) throws {
    try withScratchFolder { folder in
      let run = folder.appendingPathComponent("run")
      let long = try arguments(folder, out: run.path, workers: 2) + ["--set", "training.verify.steps=5000"]
      // The run folder is there once the search has begun.
      let ended = try Command.interrupt(long, by: signal, once: run.appendingPathComponent("run.sqlite"), in: folder)
      #expect(ended.status == 130, "\(ended)")
      #expect(ended.err.contains("--resume") && ended.err.contains("checkpoint"), "\(ended)")
    }
  }

  @Test func dataWithoutUsableImageNamesTheFirstOfThem() throws {
    try withScratchFolder { folder in
      for split in ["train", "val"] {
        let annotations = folder.appendingPathComponent("data/annotations")
        let images = folder.appendingPathComponent("data/\(split)")
        for made in [annotations, images] {
          try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
        }
        try Data("no picture".utf8).write(to: images.appendingPathComponent("a.png"))
        let json = """
          {"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
           "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40]}],
           "categories": [{"id": 1, "name": "thing"}]}
          """
        try Data(json.utf8).write(to: annotations.appendingPathComponent("instances_\(split).json"))
      }
      let output = try Command.run(["train", "--data", "data"], in: folder)
      #expect(output.status == 2 && output.err.contains("train/a.png"), "\(output.err)")
      #expect(output.err.split(separator: "\n").count == 1, "\(output.err)")
    }
  }

  @Test func aBatchAnswersPastBytesThatAreNoText() throws {
    try withScratchFolder { folder in
      let line = #"{"id": 7, "mode": "REG", "formula": "Div(I,U)", "inputs": {"U": [2], "I": [1]}}"#
      let batch = Data([0xff, 0xfe, 0x0a]) + Data(line.utf8)
      try batch.write(to: folder.appendingPathComponent("batch.jsonl"))
      let output = try Command.run(["eval-expr", "--batch", "batch.jsonl", "--json"], in: folder)
      let lines = output.out.split(separator: "\n")
      #expect(output.status == 0 && lines.count == 2, "\(output.err)")
      #expect(output.err.contains("1 of 2 rows failed; the first is line 1"), "\(output.err)")
      #expect(lines.first?.contains("badJSON") == true && lines.last?.contains("\"value\":[0.5]") == true)
    }
  }

  @Test func aFullStandardOutputIsNoCrash() throws {
    try withScratchFolder { folder in
      let process = Command.process(["spaces"], in: folder)
      process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 1)
    }
  }

  @Test func trainAnswersInTheStatedForm() throws {
    try withScratchFolder { folder in
      let space = folder.appendingPathComponent("tiny.yaml")
      try Data(Self.tiny.utf8).write(to: space)
      let output = try Command.run(
        [
          "train", "--task", "detection-twostage", "--loss-cls", "cse-autoloss-a", "--loss-reg", "Sub(1,Div(I,U))",
          "--data", "synthetic", "--space", space.path, "--seeds", "2", "--workers", "2", "--json",
        ], in: folder)
      #expect(output.status == 0, "\(output.err)")
      for word in [
        "\"task\":", "\"detector\":", "\"loss_cls\":\"cse-autoloss-a\"", "\"runs\":[{\"seed\":1", "\"AP50\":",
        "\"images_per_second\":", "\"mean\":", "\"std\":",
      ] {
        #expect(output.out.contains(word), "\(word) in \(output.out)")
      }
    }
  }
}
