import Foundation
import Proxy
import Testing

/// The search for a surrogate on a tiny task: real segmenter, real data, killed for real.
@Suite(.serialized) struct SurrogateSearchEndToEndTests {
  /// Small enough for seconds; nothing in it is meant to be a good search.
  static let tiny = """
    search: {generations: 2, samplesPerGeneration: 3}
    selection: {promotedThetas: 1, promotionSeeds: 2, finalSeeds: 1}
    segmenter: {stemChannels: 8, stageChannels: [8, 8], blocksPerStage: 0, contextChannels: 8, dilations: [2],
                decoderChannels: 8}
    data: {synthetic: {trainImages: 8, validationImages: 4, holdOutImages: 4}}
    training:
      proxy: {schedule: {steps: 4, imagesPerBatch: 2, warmUpSteps: 1}, crop: 64}
      final: {schedule: {steps: 6, imagesPerBatch: 2, warmUpSteps: 1}, crop: 64}
    """

  private func arguments(_ folder: URL, out: String, workers: Int, metric: String = "mIoU") throws -> [String] {
    let space = folder.appendingPathComponent("tiny.yaml")
    try Data(Self.tiny.utf8).write(to: space)
    return [
      "surrogate", "search", "--metric", metric, "--data", "synthetic", "--space", space.path, "--seed", "5",
      "--workers", "\(workers)", "--out", out, "--json", "--no-cache",
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
      #expect(expected.contains("\"trained\":7") && expected.contains("cross-entropy"))
      #expect(whole.out.split(separator: "\n").count == 3)

      // Class 0 of the drawn scenes is a background; the run says so.
      let settings = try String(contentsOf: folder.appendingPathComponent("whole/config.yaml"), encoding: .utf8)
      #expect(settings.contains("dropBackground: always"))

      let two = try Command.run(arguments(folder, out: "two", workers: 2), in: folder)
      #expect(try result(two) == expected)

      var kills = 0
      var resume: [String] = []
      for delay in [0.2, 0.4, 0.6, 0.8, 1.2] {
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
      for file in ["best.yaml", "report.html"] {
        let texts = try ["whole", "killed"].map {
          try String(contentsOf: folder.appendingPathComponent("\($0)/\(file)"), encoding: .utf8)
        }
        #expect(texts[0] == texts[1], "\(file)")
      }

      let report = try Command.run(["report", "killed"], in: folder)
      #expect(report.status == 0 && report.out.contains("finished") && report.out.contains("Hold-out"))
      let runs = try Command.run(["runs", "."], in: folder)
      #expect(runs.status == 0 && runs.out.contains("mIoU") && runs.out.contains("finished"), "\(runs.out)")
      let again = try Command.run(arguments(folder, out: "whole", workers: 1), in: folder)
      #expect(again.status == 2 && again.err.contains("--resume"), "\(again.err)")
      let other = try Command.run(["surrogate", "search", "--resume", "--out", "whole", "--metric", "BF1"], in: folder)
      #expect(other.status == 2 && other.err.contains("metric = mIoU"), "\(other.err)")
      let more = try Command.run(
        ["surrogate", "search", "--resume", "--out", "whole", "--set", "search.samplesPerGeneration=9"], in: folder)
      #expect(more.status == 2 && more.err.contains("space.search.samplesPerGeneration = "), "\(more.err)")
      let evolve = try Command.run(["evolve", "--resume", "--out", "whole"], in: folder)
      #expect(evolve.status == 2 && evolve.err.contains("surrogate search"), "\(evolve.err)")
    }
  }

  /// A run goes on wherever its data lies now, and with no other data; two runs are put beside each other.
  @Test func dataIsKnownByWhatItHolds() throws {
    try withScratchFolder { folder in
      let space = folder.appendingPathComponent("tiny.yaml")
      try Data(Self.tiny.utf8).write(to: space)
      try Self.writeData(folder.appendingPathComponent("here/set"), brightness: 1)
      try Self.writeData(folder.appendingPathComponent("other/set"), brightness: 2)
      let place = folder.appendingPathComponent("here")
      let start = ["surrogate", "search", "--metric", "mIoU", "--space", space.path, "--workers", "1", "--no-cache"]
      let whole = try Command.run(start + ["--data", "set", "--out", "../run"], in: place)
      #expect(whole.status == 0, "\(whole.err)")
      let resume = ["surrogate", "search", "--resume", "--out", "run"]
      // From elsewhere, the relative path leads nowhere; the message says what to do, and doing it helps.
      let lost = try Command.run(resume, in: folder)
      #expect(lost.status == 2 && lost.err.contains("--data") && lost.err.contains("'set'"), "\(lost.err)")
      for data in ["here/set", place.appendingPathComponent("set").path] {
        let found = try Command.run(resume + ["--data", data], in: folder)
        #expect(found.status == 0 && found.out == whole.out, "\(found.err)")
      }
      let other = try Command.run(resume + ["--data", "other/set"], in: folder)
      #expect(other.status == 2 && other.err.contains("other/set does not hold the data"), "\(other.err)")

      let second = try Command.run(
        start + ["--data", "here/set", "--seed", "2", "--set", "search.generations=1", "--out", "second"], in: folder)
      #expect(second.status == 0, "\(second.err)")
      let both = try Command.run(["report", "run", "second"], in: folder)
      #expect(both.status == 0, "\(both.err)")
      for part in [
        "best on search-val", "hold-out mIoU, found", "hold-out BF1, cross-entropy", "search.generations  2  ",
      ] {
        #expect(both.out.contains(part), "\(part): \(both.out)")
      }
      let json = try Command.run(["report", "run", "second", "--json"], in: folder)
      let object = try #require(try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
      #expect((object["runs"] as? [Any])?.count == 2 && (object["settings"] as? [Any])?.isEmpty == false, "\(json.out)")
      let missing = try Command.run(["report", "run", "nothing"], in: folder)
      #expect(missing.status == 2 && missing.err.contains("nothing"), "\(missing.err)")
      // The command of the card names what was changed.
      let card = try String(contentsOf: folder.appendingPathComponent("second/best.yaml"), encoding: .utf8)
      #expect(card.contains("--set search.generations=1") && card.contains("--data set"), "\(card)")
    }
  }

  /// Two classes in pictures of 32 × 24 pixels, train, val and test.
  private static func writeData(_ folder: URL, brightness: Int) throws {
    for (split, count) in [("train", 4), ("val", 2), ("test", 2)] {
      for kind in ["images", "annotations"] {
        let place = folder.appendingPathComponent("\(kind)/\(split)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for number in 0..<count {
          let labels = (0..<32 * 24).map { UInt8(($0 % 32 / (5 + number) + $0 / 32 / 7) % 2) }
          let colours = labels.flatMap { [UInt8](repeating: $0 * 90 + UInt8(60 * brightness), count: 3) }
          let file =
            kind == "images"
            ? PNGWriter.encode(RGBImage(width: 32, height: 24, bytes: colours))
            : PNGWriter.encode(LabelMap(width: 32, height: 24, labels: labels))
          try Data(file ?? []).write(to: place.appendingPathComponent("\(number).png"))
        }
      }
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func controlCCheckpointsAndEndsWith130(signal: Int32) throws {
    try withScratchFolder { folder in
      let run = folder.appendingPathComponent("run")
      let long = try arguments(folder, out: run.path, workers: 2) + ["--set", "training.proxy.schedule.steps=50000"]
      // The run folder is there once the search has begun.
      let ended = try Command.interrupt(long, by: signal, once: run.appendingPathComponent("run.sqlite"), in: folder)
      #expect(ended.status == 130, "\(ended)")
      #expect(ended.err.contains("--resume") && ended.err.contains("checkpoint"), "\(ended)")
    }
  }

  @Test func badInputIsNamedAndNothingIsMade() throws {
    try withScratchFolder { folder in
      let rows: [(arguments: [String], words: [String])] = [
        ([], ["--metric", "mIoU"]), (["--metric", "mIuO"], ["mIuO", "mIoU"]),
        (["--metric", "BF1", "--space", "segmentation-miou"], ["--metric BF1", "mIoU"]),
        (["--metric", "mIoU", "--data", "nowhere"], ["nowhere"]),
        (["--metric", "mIoU", "--set", "serach.generations=2"], ["did you mean 'search'?"]),
        (["--metric", "mIoU", "--set", "policy.means=[0.5,0.5]"], ["means", "12"]),
        (["--metric", "mIoU", "--space", "detection-onestage"], ["detection-onestage"]),
        (["--metric", "mIoU", "--resume", "--out", "nothing"], ["nothing", "--resume"]),
        (["--metric", "mIoU", "--workers", "0"], ["--workers"]),
      ]
      for (arguments, words) in rows {
        let output = try Command.run(["surrogate", "search"] + arguments, in: folder)
        #expect(output.status == 2, "\(arguments): \(output.status) \(output.err)")
        for word in words { #expect(output.err.contains(word), "\(arguments): \(output.err)") }
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path))
    }
  }

  @Test func thePlanIsPrintedAndNothingTrained() throws {
    try withScratchFolder { folder in
      for metric in ["mIoU", "FWIoU", "mAcc", "gAcc", "BIoU", "BF1"] {
        let output = try Command.run(["surrogate", "search", "--metric", metric, "--dry-run"], in: folder)
        #expect(output.status == 0 && output.out.contains("metric: \(metric)"), "\(output.err)")
        #expect(output.out.contains("trainings for rewards") && output.out.contains("runs/synthetic-\(metric)-seed1"))
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path))
      }
      let spaces = try Command.run(["spaces"], in: folder)
      #expect(spaces.out.contains("segmentation-bf1") && spaces.out.contains("segmentation-surrogate"), "\(spaces.err)")
    }
  }
}
