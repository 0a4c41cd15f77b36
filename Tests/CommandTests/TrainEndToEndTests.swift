import Foundation
import Testing

/// `train`, `pretrain` and `detect` as a user runs them, on a tiny task; killed for real.
@Suite(.serialized) struct TrainEndToEndTests {
  private func arguments(_ folder: URL, _ more: [String], steps: Int = 8) throws -> [String] {
    let space = folder.appendingPathComponent("tiny.yaml")
    try Data(EvolveEndToEndTests.tiny.utf8).write(to: space)
    return ["train", "--space", space.path, "--steps", "\(steps)"] + more
  }

  private func bytes(_ folder: URL, _ path: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(path))
  }

  /// A checkpoint must be there before the process is killed.
  private func waitFor(_ file: URL) {
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: file.path) { Thread.sleep(forTimeInterval: 0.02) }
  }

  @Test func killedAndResumedItEndsWithTheSameBytes() throws {
    try withScratchFolder { folder in
      let options = try arguments(folder, ["--seeds", "2", "--checkpoint-every", "5"], steps: 600)
      let whole = try Command.run(options + ["--workers", "1", "--out", "whole"], in: folder)
      #expect(whole.status == 0, "\(whole.err)")
      var kills = 0
      for round in 0..<4 {
        let start =
          round == 0
          ? options + ["--workers", "2", "--out", "killed", "--tensorboard", "board"]
          : ["train", "--resume", "--out", "killed"]
        let process = Command.process(start, in: folder)
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        waitFor(folder.appendingPathComponent("killed/seed-1/checkpoint.safetensors"))
        Thread.sleep(forTimeInterval: 0.1 * Double(round + 1))
        if process.isRunning {
          kill(process.processIdentifier, SIGKILL)
          kills += 1
        }
        process.waitUntilExit()
        // What a checkpoint is past is in the curves, however the process ends.
        let curves = try FileManager.default.contentsOfDirectory(
          atPath: folder.appendingPathComponent("board/seed-1").path)
        #expect(try curves.contains { try !bytes(folder, "board/seed-1/\($0)").isEmpty }, "round \(round)")
      }
      let resumed = try Command.run(["train", "--resume", "--out", "killed", "--json"], in: folder)
      #expect(resumed.status == 0, "\(resumed.err)")
      for seed in [1, 2] {
        for file in ["checkpoint.safetensors", "predictions.json"] {
          let path = "seed-\(seed)/\(file)"
          #expect(try bytes(folder, "whole/" + path) == bytes(folder, "killed/" + path), "\(path) after \(kills) kills")
        }
      }
      #expect(try bytes(folder, "whole/ground-truth.json") == bytes(folder, "killed/ground-truth.json"))
    }
  }

  @Test func controlCKeepsACheckpointAndEndsWith130() throws {
    try withScratchFolder { folder in
      let out = folder.appendingPathComponent("run")
      let long = try arguments(
        folder, ["--out", out.path, "--checkpoint-every", "2", "--workers", "1"], steps: 1500)
      let ended = try Command.interrupt(
        long, by: SIGINT, once: out.appendingPathComponent("seed-1/checkpoint.safetensors"), in: folder)
      #expect(ended.status == 130, "\(ended)")
      #expect(ended.err.contains("--resume") && ended.err.contains("checkpoint written to"), "\(ended)")
      let resumed = try Command.run(["train", "--resume", "--out", out.path], in: folder)
      #expect(resumed.status == 0 && resumed.err.contains("(from step "), "\(resumed.err)")
      let whole = try Command.run(
        try arguments(folder, ["--out", "whole", "--workers", "1"], steps: 1500), in: folder)
      #expect(whole.status == 0, "\(whole.err)")
      let path = "seed-1/checkpoint.safetensors"
      #expect(try bytes(folder, "run/" + path) == bytes(folder, "whole/" + path))
    }
  }

  @Test func whatIsKeptCanBeUsed() throws {
    try withScratchFolder { folder in
      let trained = try Command.run(
        try arguments(
          folder,
          [
            "--out", "run", "--predictions", "found.json", "--figures", "figures", "--tensorboard", "board",
            "--score-every", "4", "--json",
          ]), in: folder)
      #expect(trained.status == 0, "\(trained.err)")
      #expect(try bytes(folder, "found.json") == bytes(folder, "run/seed-1/predictions.json"))
      #expect(try String(decoding: bytes(folder, "run/results.json"), as: UTF8.self) == trained.out)
      let scored = try Command.run(
        ["coco-eval", "--gt", "run/ground-truth.json", "--dt", "found.json", "--json"], in: folder)
      #expect(scored.status == 0, "\(scored.err)")
      let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(files.contains("figures/seed-1-precision-recall.svg") && files.contains("figures/seed-1-example-1.png"))
      #expect(files.contains { $0.hasPrefix("board/seed-1/events.out.tfevents.") })

      let checkpoint = ["detect", "--checkpoint", "run/seed-1/checkpoint.safetensors", "--threshold", "0"]
      let picture = "figures/seed-1-example-1.png"
      let drawn = try Command.run(checkpoint + [picture, "tiny.yaml", "none.jpg", picture], in: folder)
      #expect(drawn.status == 1)
      for word in ["tiny.yaml: neither JPEG nor PNG", "none.jpg: there is no such file"] {
        #expect(drawn.err.contains(word), "\(drawn.err)")
      }
      #expect(drawn.out.contains("detections/seed-1-example-1.png") && drawn.out.contains("seed-1-example-1-2.png"))
      #expect(try bytes(folder, "detections/seed-1-example-1.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
      let json = try Command.run(checkpoint + ["--json", picture], in: folder)
      #expect(json.status == 0 && json.out.hasPrefix("{\"images\":[{\"id\":1"), "\(json.out) \(json.err)")
      #expect(json.out.contains("\"results\":[") && json.out.contains("\"problems\":[]"))
    }
  }

  @Test func aFileThatCannotBeWrittenCostsNoScores() throws {
    try withScratchFolder { folder in
      for place in ["taken", "figures/seed-1-precision-recall.svg"] {
        try FileManager.default.createDirectory(
          at: folder.appendingPathComponent(place), withIntermediateDirectories: true)
      }
      let refused = try Command.run(try arguments(folder, ["--predictions", "taken"]), in: folder)
      #expect(refused.status == 2 && refused.err.contains("taken is a folder; name a file"), "\(refused)")
      let trained = try Command.run(
        try arguments(folder, ["--figures", "figures", "--seeds", "2", "--json"]), in: folder)
      #expect(trained.status == 1 && trained.err.contains("error: --figures: "), "\(trained)")
      #expect(trained.out.contains(#""seed":2"#), "\(trained)")
    }
  }

  /// The system ends a process whose file outgrows the limit, unless the process says otherwise.
  @Test func aLimitOfFileSizesIsAnErrorThatIsTold() throws {
    try withScratchFolder { folder in
      let stopped = try Command.run(try arguments(folder, ["--out", "run"]), in: folder, fileLimit: 40)
      #expect(stopped.status == 1 && stopped.err.contains("checkpoint.safetensors: cannot be written"), "\(stopped)")
      let resumed = try Command.run(["train", "--resume", "--out", "run"], in: folder)
      #expect(resumed.status == 0, "\(resumed)")
    }
  }

  @Test func anotherBackboneIsRefusedBeforeItIsMade() throws {
    try withScratchFolder { folder in
      let begun = try Command.run(try arguments(folder, ["--out", "run"], steps: 2), in: folder)
      #expect(begun.status == 0, "\(begun)")
      let other = try Command.run(["train", "--resume", "--out", "run", "--init", "synthetic"], in: folder)
      #expect(other.status == 2 && other.err.contains("initialWeights"), "\(other)")
      let detector = try Command.run(["train", "--resume", "--out", "run", "--detector", "fcos"], in: folder)
      #expect(detector.status == 2 && detector.err.contains("in a folder of its own"), "\(detector)")
      let made = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.contains("backbone") }
      #expect(made.isEmpty, "\(made)")
    }
  }

  /// What is kept scores as the training did, digit for digit: boxes, and masks where the detector finds them.
  @Test(arguments: ["faster-rcnn", "mask-rcnn"]) func theFilesScoreAsTheTraining(detector: String) throws {
    try withScratchFolder { folder in
      let trained = try Command.run(
        try arguments(
          folder, ["--detector", detector, "--out", "run", "--figures", "figures", "--json"], steps: 400), in: folder)
      #expect(trained.status == 0, "\(trained.err)")
      let results = try #require(
        try JSONSerialization.jsonObject(with: Data(trained.out.utf8)) as? [String: Any])
      let run = try #require((results["runs"] as? [[String: Any]])?.first)
      let kinds = [("bbox", "")] + (detector == "mask-rcnn" ? [("segm", "mask_")] : [])
      for (kind, prefix) in kinds {
        let scored = try Command.run(
          [
            "coco-eval", "--gt", "run/ground-truth.json", "--dt", "run/seed-1/predictions.json", "--iou-type", kind,
            "--json",
          ], in: folder)
        let evaluation = try #require(
          try JSONSerialization.jsonObject(with: Data(scored.out.utf8)) as? [String: Any], "\(scored.err)")
        let stats = try #require(evaluation["stats"] as? [Double])
        for (place, name) in ["AP", "AP50", "AP75"].enumerated() {
          let value = try #require(run[prefix + name] as? Double, "\(trained.out)")
          #expect(value == stats[place], "\(kind) \(name): \(value), \(stats[place])")
        }
        #expect(stats[1] > 0, "nothing was found, so nothing was compared: \(stats)")
      }
      let found = try Command.run(
        [
          "detect", "--checkpoint", "run/seed-1/checkpoint.safetensors", "--threshold", "0", "--out", "drawn", "--json",
          "figures/seed-1-example-1.png",
        ], in: folder)
      let findings = try #require(
        try JSONSerialization.jsonObject(with: Data(found.out.utf8)) as? [String: Any], "\(found.err)")
      let shown = try #require(findings["results"] as? [[String: Any]])
      #expect(!shown.isEmpty && shown.allSatisfy { ($0["segmentation"] != nil) == (detector == "mask-rcnn") })
      let curves = folder.appendingPathComponent("figures/seed-1-precision-recall-masks.svg").path
      #expect(FileManager.default.fileExists(atPath: curves) == (detector == "mask-rcnn"))
      #expect(try bytes(folder, "drawn/seed-1-example-1.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
  }

  /// The profile for small objects is taken where the objects are small and the options leave the choice.
  @Test func smallObjectsBringTheirProfile() throws {
    try withScratchFolder { folder in
      let pictures = try Command.run(try arguments(folder, ["--figures", "figures"], steps: 2), in: folder)
      #expect(pictures.status == 0, "\(pictures.err)")
      let picture = try bytes(folder, "figures/seed-1-example-1.png")
      for (data, side) in [("small", 15), ("large", 300)] {
        let annotations = folder.appendingPathComponent("\(data)/annotations")
        try FileManager.default.createDirectory(at: annotations, withIntermediateDirectories: true)
        for split in ["train", "val", "test"] {
          let images = folder.appendingPathComponent("\(data)/\(split)")
          try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
          try picture.write(to: images.appendingPathComponent("a.png"))
          let json = """
            {"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "thing"}],
             "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [9, 20, \(side), \(side)]}]}
            """
          try Data(json.utf8).write(to: annotations.appendingPathComponent("instances_\(split).json"))
        }
      }
      let train = ["train", "--steps", "1", "--set", "training.final.imagesPerBatch=1", "--out"]
      let cases: [(run: String, more: [String], height: Int, says: Bool)] = [
        ("a", ["--data", "small"], 256, true),
        ("b", ["--data", "small", "--set", "data.height=100"], 100, true),
        ("c", ["--data", "small", "--detector", "fcos"], 192, true),
        ("d", ["--data", "small", "--profile", "standard"], 120, false),
        ("e", ["--data", "small", "--space", "detection-twostage"], 120, false),
        ("f", ["--data", "large"], 120, false),
      ]
      for (run, more, height, says) in cases {
        let output = try Command.run(train + [run] + more, in: folder)
        #expect(output.status == 0, "\(run): \(output.err)")
        #expect(output.err.contains("taking --profile small-objects") == says, "\(run): \(output.err)")
        let plan = try String(decoding: bytes(folder, "\(run)/config.yaml"), as: UTF8.self)
        #expect(plan.contains("height: \(height)\n"), "\(run): \(plan)")
      }
      // The same command goes on with the same profile.
      let again = try Command.run(train + ["a", "--data", "small", "--resume"], in: folder)
      #expect(again.status == 0, "\(again.err)")
      // Keys that are left out are those of the folder; one that differs is named.
      let one = ["train", "--resume", "--out", "b", "--set"]
      let same = try Command.run(one + ["data.height=100"], in: folder)
      #expect(same.status == 0, "\(same.err)")
      let other = try Command.run(one + ["training.final.momentum=0.5"], in: folder)
      #expect(other.status == 2 && other.err.contains("training.final.momentum = 0.9, not 0.5"), "\(other)")
    }
  }

  /// A data folder whose val split holds a picture, but no object.
  private func unscoredData(_ folder: URL) throws -> String {
    let data = folder.appendingPathComponent("unscored")
    let picture = try bytes(folder, "figures/seed-1-example-1.png")
    for split in ["train", "val", "test"] {
      let object = #"{"id": 1, "image_id": 1, "category_id": 1, "bbox": [9, 20, 90, 60]}"#
      let json = """
        {"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "thing"}],
         "annotations": [\(split == "val" ? "" : object)]}
        """
      for (path, content) in [("\(split)/a.png", picture), ("annotations/instances_\(split).json", Data(json.utf8))] {
        let file = data.appendingPathComponent(path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try content.write(to: file)
      }
    }
    return "unscored"
  }

  /// Speed and time of a continuation are those of all sittings, also where nothing was left to do.
  @Test func aContinuationKnowsTheTimeOfTheSittingsBefore() throws {
    try withScratchFolder { folder in
      func run(_ arguments: [String]) throws -> (seconds: Double, speed: Double) {
        let output = try Command.run(arguments + ["--json"], in: folder)
        #expect(output.status == 0, "\(output.err)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any])
        #expect(json["diverged"] as? Int == 0)
        let run = try #require((json["runs"] as? [[String: Any]])?.first)
        return (try #require(run["seconds"] as? Double), try #require(run["images_per_second"] as? Double))
      }
      let first = try run(try arguments(folder, ["--out", "run"], steps: 200))
      let again = try run(["train", "--resume", "--out", "run"])
      #expect(again.seconds >= first.seconds && first.speed > 0)
      #expect(abs(again.speed / first.speed - 1) < 1e-9, "\(first), then \(again)")
      // A file of times that nobody can read costs the times, not the training.
      for text in ["{", #"{"seconds": 1, "steps": 4611686018427387904, "stepSeconds": 1}"#] {
        try Data(text.utf8).write(to: folder.appendingPathComponent("run/seed-1/time.json"))
        #expect(try run(["train", "--resume", "--out", "run"]).speed == 0, "\(text)")
      }
    }
  }

  @Test func furtherSeedsJoinATraining() throws {
    try withScratchFolder { folder in
      let first = try Command.run(try arguments(folder, ["--out", "run"]), in: folder)
      #expect(first.status == 0, "\(first.err)")
      let more = try Command.run(["train", "--resume", "--out", "run", "--seeds", "2", "--json"], in: folder)
      #expect(more.status == 0 && more.out.contains("\"seed\":2"), "\(more.err)")
      let whole = try Command.run(try arguments(folder, ["--out", "whole", "--seeds", "2"]), in: folder)
      #expect(whole.status == 0, "\(whole.err)")
      for path in ["config.yaml", "seed-1/checkpoint.safetensors", "seed-2/checkpoint.safetensors"] {
        #expect(try bytes(folder, "run/" + path) == bytes(folder, "whole/" + path), "\(path)")
      }
      let fewer = try Command.run(["train", "--resume", "--out", "run", "--seeds", "1"], in: folder)
      #expect(fewer.status == 2 && fewer.err.contains("seeds = [1, 2]"), "\(fewer.err)")
    }
  }

  @Test func foldersAndWeightsOfSomethingElseAreRefused() throws {
    try withScratchFolder { folder in
      let first = try Command.run(try arguments(folder, ["--out", "run", "--figures", "figures"]), in: folder)
      #expect(first.status == 0, "\(first.err)")
      for seed in ["1", "2"] {
        let made = try Command.run(
          [
            "pretrain", "--space", "tiny.yaml", "--steps", "3", "--seed", seed, "--out", "b\(seed).safetensors",
            "--json",
          ], in: folder)
        #expect(made.status == 0 && made.out.contains("\"trained\":true"), "\(made.err)")
      }
      let kept = try Command.run(
        ["pretrain", "--space", "tiny.yaml", "--steps", "3", "--out", "again.safetensors", "--json"], in: folder)
      #expect(kept.out.contains("\"trained\":false"), "\(kept.out)")
      let anew = try Command.run(
        ["pretrain", "--space", "tiny.yaml", "--steps", "3", "--again", "--out", "anew.safetensors"], in: folder)
      #expect(anew.status == 0, "\(anew.err)")
      #expect(try bytes(folder, "b1.safetensors").suffix(4000) == bytes(folder, "anew.safetensors").suffix(4000))
      #expect(try bytes(folder, "b1.safetensors").suffix(4000) != bytes(folder, "b2.safetensors").suffix(4000))

      let warm = try Command.run(
        try arguments(folder, ["--out", "warm", "--init", "b1.safetensors"]), in: folder)
      #expect(warm.status == 0, "\(warm.err)")
      let search = [
        "evolve", "--space", "tiny.yaml", "--init", "b1.safetensors", "--out", "search", "--workers", "1",
      ]
      let searched = try Command.run(search, in: folder)
      #expect(searched.status == 0, "\(searched.err)")
      try FileManager.default.removeItem(at: folder.appendingPathComponent("b1.safetensors"))
      try FileManager.default.copyItem(
        at: folder.appendingPathComponent("b2.safetensors"), to: folder.appendingPathComponent("b1.safetensors"))
      try Data("{}".utf8).write(to: folder.appendingPathComponent("plain.safetensors"))
      try Data(bytes(folder, "run/seed-1/checkpoint.safetensors").dropLast(7)).write(
        to: folder.appendingPathComponent("short.safetensors"))

      // Finished seeds need no weights to begin with.
      let finished = try Command.run(["train", "--resume", "--out", "warm"], in: folder)
      #expect(finished.status == 0, "\(finished.err)")
      let unscored = try unscoredData(folder)
      let rows: [(arguments: [String], words: [String])] = [
        (["train", "--out", "run"], ["run", "--resume"]),
        (["train", "--resume"], ["--out"]),
        (["train", "--resume", "--out", "nothing"], ["nothing", "holds no training"]),
        (["train", "--resume", "--out", "run", "--first-seed", "2"], ["seeds = [1]"]),
        (["train", "--resume", "--out", "run", "--loss-reg", "l1"], ["regression = giou"]),
        (["train", "--resume", "--out", "run", "--steps", "9"], ["schedule.steps = 8"]),
        (["train", "--resume", "--out", "run", "--init", "b2.safetensors"], ["initialWeights = none"]),
        (["train", "--resume", "--out", "warm", "--seeds", "2"], ["warm", "initial weights"]),
        (["train", "--resume", "--out", "warm", "--init", "b1.safetensors"], ["warm", "initial weights"]),
        (["evolve", "--resume", "--out", "search"], ["search", "initial weights"]),
        (["train", "--init", "b1.safetensors", "--steps", "3"], ["b1.safetensors", "pretrain"]),
        (["train", "--init", "none.safetensors"], ["none.safetensors"]),
        (["train", "--init", "plain.safetensors"], ["plain.safetensors", "header"]),
        (["train", "--checkpoint-every", "0"], ["--checkpoint-every 0"]),
        (["train", "--steps", "0"], ["--steps 0", "1 ... 1000000"]),
        (["train", "--out", "/proc/x"], ["--out /proc/x", "no folder"]),
        (["train", "--figures", "/proc/x"], ["--figures /proc/x", "no folder"]),
        (["train", "--data", unscored], ["search-val", "no object"]),
        (["evolve", "--data", unscored, "--out", "never"], ["search-val", "no object"]),
        (["pretrain", "--steps", "0"], ["--steps 0"]),
        (
          ["pretrain", "--set", "training.final.learningRate=1"],
          ["training.final.learningRate=1", "detector.backbone"]
        ),
        (["pretrain", "--set", "data.synthetic.trainImages=3"], ["data.synthetic.trainImages=3", "data.height"]),
        (["train", "--predictions", "nowhere/p.json"], ["nowhere"]),
        (["detect", "--checkpoint", "b2.safetensors", "x.png"], ["b2.safetensors", "format"]),
        (["detect", "--checkpoint", "short.safetensors", "x.png"], ["short.safetensors", "bytes"]),
        (["detect", "--checkpoint", "none.safetensors", "x.png"], ["none.safetensors"]),
        (
          ["detect", "--checkpoint", "run/seed-1/checkpoint.safetensors", "--threshold", "2", "x.png"],
          ["--threshold 2"]
        ),
        (["detect", "--checkpoint", "run/seed-1/checkpoint.safetensors"], ["image"]),
      ]
      for row in rows {
        let output = try Command.run(row.arguments, in: folder)
        #expect(output.status == 2, "\(row.arguments): \(output.status) \(output.err)")
        for word in row.words { #expect(output.err.contains(word), "\(row.arguments): \(output.err)") }
      }
    }
  }
}
