import Foundation
import Testing

/// `surrogate train` and `surrogate eval --checkpoint` as a user runs them, on few steps of drawn scenes; killed for real.
@Suite(.serialized) struct SurrogateTrainTests {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  /// Everything of a result but its times.
  private func scores(_ text: String) throws -> [[String: Double]] {
    let runs = try #require(try object(text)["runs"] as? [[String: Any]])
    return runs.map { run in
      Dictionary(
        uniqueKeysWithValues: ["seed", "mIoU", "FWIoU", "mAcc", "gAcc", "BIoU", "BF1"].map {
          ($0, run[$0] as? Double ?? -1)
        })
    }
  }

  @Test func workersDoNotChangeTheResultAndACheckpointScoresAsItsTraining() throws {
    try withScratchFolder { folder in
      let options = ["surrogate", "train", "--theta", "ce", "--steps", "8", "--seeds", "2"]
      let first = try Command.run(options + ["--workers", "2", "--out", "two", "--json"], in: folder)
      let second = try Command.run(options + ["--workers", "1", "--out", "one", "--json"], in: folder)
      #expect(first.status == 0 && second.status == 0, "\(first.err)\(second.err)")
      let (found, alone) = (try scores(first.out), try scores(second.out))
      #expect(found.count == 2 && found == alone)
      #expect(found.allSatisfy { run in run.values.allSatisfy { $0 >= 0 } && run["mIoU"] ?? 2 <= 1 })
      for seed in [1, 2] {
        let files = try ["one", "two"].map {
          try Data(contentsOf: folder.appendingPathComponent("\($0)/seed-\(seed).safetensors"))
        }
        #expect(files[0] == files[1])
      }
      let scored = try Command.run(
        ["surrogate", "eval", "--checkpoint", "one/seed-2.safetensors", "--json"], in: folder)
      #expect(scored.status == 0, "\(scored.err)")
      #expect(try object(scored.out)["mIoU"] as? Double == found[1]["mIoU"], "\(scored.out)")
      let sorted = try Command.run(
        ["surrogate", "eval", "--checkpoint", "one/seed-2.safetensors", "--metric", "BF1"], in: folder)
      let top = sorted.out.split(separator: "\n").dropFirst(2).first
      #expect(sorted.status == 0 && top?.hasPrefix("BF1") == true, "\(sorted.out)\(sorted.err)")
      // What decides the result stands beside it.
      let kept = try String(contentsOf: folder.appendingPathComponent("one/results.json"), encoding: .utf8)
      let written = try object(kept)
      #expect(written["steps"] as? Int == 8 && written["tolerance"] as? Int == 5 && written["loss"] as? String == "ce")
      #expect(written["drop_background"] as? Bool == true, "\(kept)")
      // A second training there would overwrite the first.
      let again = try Command.run(options + ["--out", "one"], in: folder)
      #expect(again.status == 2 && again.err.contains("--resume"), "\(again.err)")
      let other = try Command.run(
        ["surrogate", "train", "--theta", "dice", "--steps", "8", "--out", "one", "--resume"], in: folder)
      #expect(other.status == 2 && other.err.contains("metadata 'loss'"), "\(other.err)")
    }
  }

  /// Cross entropy written out trains like the one by its name, to rounding.
  @Test func aFormulaTrainsAsALoss() throws {
    try withScratchFolder { folder in
      func scores(_ theta: String) throws -> Double {
        let options = ["surrogate", "train", "--theta", theta, "--metric", "gAcc", "--steps", "6", "--json"]
        let run = try Command.run(options, in: folder)
        #expect(run.status == 0, "\(run.err)")
        let text = try #require(run.out.range(of: "\"mean\":{\"gAcc\":")).upperBound
        return try #require(Double(run.out[text...].prefix { "0123456789.e-".contains($0) }))
      }
      let (named, written) = (try scores("ce"), try scores("Neg(Dot(Y,Log(Softmax(X))))"))
      #expect(abs(named - written) < 0.02, "\(named), \(written)")
    }
  }

  @Test func killedAndResumedItEndsWithTheSameBytes() throws {
    try withScratchFolder { folder in
      let options = ["surrogate", "train", "--theta", "published", "--metric", "FWIoU", "--steps", "40"]
      let whole = try Command.run(options + ["--out", "whole"], in: folder)
      #expect(whole.status == 0 && whole.out.contains("FWIoU"), "\(whole.err)")
      let checkpoint = folder.appendingPathComponent("killed/seed-1.safetensors")
      let process = Command.process(options + ["--out", "killed", "--checkpoint-every", "3"], in: folder)
      (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
      try process.run()
      for _ in 0..<1500 where !FileManager.default.fileExists(atPath: checkpoint.path) {
        Thread.sleep(forTimeInterval: 0.02)
      }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      let resumed = try Command.run(options + ["--out", "killed", "--resume"], in: folder)
      #expect(resumed.status == 0, "\(resumed.err)")
      let wanted = try Data(contentsOf: folder.appendingPathComponent("whole/seed-1.safetensors"))
      #expect(try Data(contentsOf: checkpoint) == wanted)
    }
  }

  private static let card = """
    autoloss_card: 1
    name: mine
    mode: SURROGATE
    metric: FWIoU
    parameterization: piecewise_linear
    theta: [0.5, 0.5, 0.5, 0.5]
    tolerance: 5
    drop_background: false

    """

  @Test func cardsAndNumbersAreLosses() throws {
    try withScratchFolder { folder in
      try Data(Self.card.utf8).write(to: folder.appendingPathComponent("card.yaml"))
      try Data("[0.5, 0.5, 0.5, 0.5]".utf8).write(to: folder.appendingPathComponent("theta.json"))
      for (theta, metric) in [("card.yaml", "FWIoU"), ("card.yaml#mine", "FWIoU"), ("theta.json", "mIoU")] {
        let output = try Command.run(["surrogate", "train", "--theta", theta, "--steps", "2", "--json"], in: folder)
        #expect(output.status == 0, "\(theta): \(output.err)")
        #expect(try object(output.out)["metric"] as? String == metric, "\(theta): \(output.out)")
      }
    }
  }

  /// A checkpoint says what was trained: tolerance and background as they were asked for, or as the data has them.
  @Test func toleranceAndBackgroundReachTheLoss() throws {
    try withScratchFolder { folder in
      let rows: [([String], String)] = [
        ([], "BF1 bezier tolerance 5 without background"),
        (["--tolerance", "2", "--no-drop-background"], "BF1 bezier tolerance 2 ["),
        (["--tolerance", "3", "--drop-background"], "BF1 bezier tolerance 3 without background"),
      ]
      for (number, (options, wanted)) in rows.enumerated() {
        let output = try Command.run(
          ["surrogate", "train", "--metric", "BF1", "--steps", "1", "--out", "\(number)"] + options, in: folder)
        #expect(output.status == 0, "\(output.err)")
        let file = try Data(contentsOf: folder.appendingPathComponent("\(number)/seed-1.safetensors"))
        let head = String(decoding: file.prefix(8192), as: UTF8.self)
        #expect(head.contains(wanted), "\(options): \(head)")
      }
    }
  }

  @Test func badInputIsNamedAndEndsWithTwo() throws {
    try withScratchFolder { folder in
      try Data(Self.card.utf8).write(to: folder.appendingPathComponent("card.yaml"))
      try Data((Self.card + "loss_weight: 2\n").utf8).write(to: folder.appendingPathComponent("heavy.yaml"))
      try Data("[0.5, 0.4]".utf8).write(to: folder.appendingPathComponent("short.json"))
      try Data("[0.5, \"x\"]".utf8).write(to: folder.appendingPathComponent("text.json"))
      try Data("no".utf8).write(to: folder.appendingPathComponent("c.safetensors"))
      for split in ["train", "val"] {
        for kind in ["images", "annotations"] {
          let place = folder.appendingPathComponent("bad/\(kind)/\(split)")
          try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
          try Data("no picture".utf8).write(to: place.appendingPathComponent("a.png"))
        }
      }
      let rows: [([String], String)] = [
        (["train", "--theta", "cee"], "there is no such loss: did you mean 'ce'?"),
        (["train", "--theta", "ce", "--metric", "miou"], "did you mean 'mIoU'?"),
        (["train", "--theta", "short.json"], "theta has 2 numbers"),
        (["train", "--theta", "Mul(Y,X)"], "one number each"), (["train", "--theta", "Dot(Y,Q)"], "Q is no variable"),
        (["train", "--theta", "text.json"], "[1] is"),
        (["train", "--theta", "none.yaml"], "none.yaml"),
        (["train", "--theta", "card.yaml", "--metric", "BIoU"], "is a surrogate of FWIoU, --metric says BIoU"),
        (["train", "--theta", "heavy.yaml"], "loss_weight: 2"),
        (["train", "--theta", "ce", "--data", "nowhere"], "nowhere: no such data folder"),
        (["train", "--theta", "ce", "--data", "bad"], "images/train/a.png: cannot be decoded"),
        (["train", "--theta", "ce", "--data", ""], "--data: is empty"),
        (["train", "--theta", "ce", "--steps", "0"], "steps"),
        (["train", "--theta", "ce", "--seeds", "0"], "--seeds 0"),
        (["train", "--theta", "ce", "--tolerance", "-1"], "--tolerance"),
        (["train", "--theta", "ce", "--resume"], "--resume: needs --out"),
        (["eval", "--checkpoint", "c.safetensors"], "c.safetensors"),
        (["eval", "--checkpoint", "gone.safetensors"], "gone.safetensors: cannot be read"),
        (["eval"], "--checkpoint"),
        (["train", "--theta", "giou"], "is no loss of pixels"),
        (["train", "--theta", "cse-autoloss-a"], "uses Z, the IoU of a box"),
        (["eval", "--batch", "short.json", "--data", "x"], "--data: is for --checkpoint"),
        (["eval", "--batch", "short.json", "--metric", "BF1"], "--metric: is for --checkpoint"),
        (["eval", "--batch", "short.json", "--no-drop-background"], "--no-drop-background: is for --checkpoint"),
        (["eval", "--batch", "short.json", "--tolerance", "5"], "--tolerance: is for --checkpoint"),
        (["eval", "--batch", "short.json", "--score-on", "holdout"], "--score-on: is for --checkpoint"),
        (["eval", "--batch", "short.json", "--predictions", "x"], "--predictions: is for --checkpoint"),
      ]
      for (arguments, wanted) in rows {
        let output = try Command.run(["surrogate"] + arguments, in: folder)
        #expect(output.status == 2 && output.err.contains(wanted), "\(arguments): \(output.status) \(output.err)")
      }
    }
  }
}
