import Evolution
import Foundation
import Losses
import RunStore
import Screening
import Search
import Testing

/// The walk keeps its promises: no training twice, defaults kept where nothing varies, divergence is a rejection.
@Suite struct SearchRunTests {
  @Test(arguments: [1, 2, 3]) func nothingIsTrainedTwice(seed: UInt64) throws {
    try withScratchFolder { scratch in
      let journal = Journal()
      let folder = scratch.appendingPathComponent("run")
      let result = try SmallSearch.run(try SmallSearch.configuration(seed: seed), in: folder, journal: journal)
      #expect(Set(journal.keys).count == journal.keys.count, "seed \(seed)")
      #expect(result.tally.generated == 3 * 48)
      #expect(result.rows.map(\.name).suffix(3) == ["cse-autoloss-a", "cross-entropy + l1", "cross-entropy + giou"])
      let left = result.tally.funnel.levels.map(\.count)
      #expect(zip(left, left.dropFirst()).allSatisfy { $0 >= $1 }, "a funnel narrows: \(left)")
    }
  }

  @Test(arguments: [
    (
      SearchTask.detectionTwoStage, ["cse-autoloss-a", "cross-entropy + l1", "cross-entropy + giou"],
      "AP − ce+giou [95 %]"
    ),
    (.detectionOneStage, ["cse-autoloss-b", "focal + iou", "focal + giou"], "AP − focal+giou [95 %]"),
    (.segmentation, ["published", "lovasz", "dice", "cross-entropy"], "mIoU − ce [95 %]"),
  ])
  func everyTaskIsSearchedToItsEnd(task: SearchTask, references: [String], header: String) throws {
    try withScratchFolder { scratch in
      let folder = scratch.appendingPathComponent("run")
      let result = try SmallSearch.run(try SmallSearch.configuration(task), in: folder)
      #expect(result.rows.map(\.name).suffix(references.count) == references[...])
      #expect(result.text.contains(header), "\(result.text)")
      let best = try #require(result.best.first)
      #expect(best.losses.regression.isEmpty == (task == .segmentation))
      let cards = try LossCardFile.cards(folder.appendingPathComponent("best.yaml").path)
      #expect(cards.count == result.best.count * (task == .segmentation ? 1 : 2))
      #expect(cards.allSatisfy { $0.evidence.allSatisfy { $0.command?.contains("--task \(task.rawValue)") == true } })
      let page = try String(contentsOf: folder.appendingPathComponent("report.html"), encoding: .utf8)
      #expect(page.components(separatedBy: "<svg").count - 1 == 1 + cards.count, "curves of every find, and the scores")
      #expect(page.contains("<h2>found-1</h2>") && page.contains(result.table.lines[0]) && page.hasSuffix("</html>\n"))
      #expect(result.proxyScores.count == result.tally.proxyTrained)
      #expect(result.proxyScores.contains { $0 != nil })
      if task != .segmentation {
        let file = folder.appendingPathComponent("best.yaml").path
        let losses = try best.losses.resolved(for: task)
        let cls = try LossArgument.classification("\(file)#found-1-cls", task: task, option: "--loss-cls")
        let reg = try LossArgument.regression("\(file)#found-1-reg", task: task, option: "--loss-reg")
        #expect(cls == losses.classification && reg == losses.regression, "a find trains alike from its card")
      }
      let summary = result.summary(run: "run").description
      #expect(summary.contains(task == .segmentation ? "\"BF1\"" : "\"AP75\""))
      #expect(try RunOverview(RunStore.read(folder)).text(name: "run").contains(task.rawValue))
    }
  }

  @Test func equalLossesAreJudgedOnce() throws {
    try withScratchFolder { scratch in
      let folder = scratch.appendingPathComponent("run")
      _ = try SmallSearch.run(try SmallSearch.configuration(), in: folder)
      var seen: Set<String> = []
      for candidate in try RunStore.read(folder).candidates() {
        switch candidate.rejection?.code {
        case "duplicate": continue
        // Passed over for lack of room: it may come again.
        case "passedOver": continue
        default: #expect(seen.insert(candidate.canonical).inserted, "\(candidate.canonical) was judged twice")
        }
      }
      #expect(!seen.isEmpty)
    }
  }

  @Test(arguments: [SearchBranch.classification, .regression]) func aBranchThatIsNotVariedKeepsItsLoss(
    branch: SearchBranch
  ) throws {
    try withScratchFolder { scratch in
      let folder = scratch.appendingPathComponent("run")
      let result = try SmallSearch.run(
        try SmallSearch.configuration(overrides: ["branch=\(branch.rawValue)"]), in: folder)
      for candidate in try RunStore.read(folder).candidates() {
        switch branch {
        case .classification: #expect(candidate.regression == "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))")
        case .regression: #expect(candidate.classification == "Neg(Dot(Y,Log(Softmax(X))))")
        case .joint: Issue.record("not asked")
        }
      }
      #expect(result.best.allSatisfy { ($0.genome.classification != nil) == branch.variesClassification })
    }
  }

  @Test func aCacheSparesEveryTrainingAndChangesNothing() throws {
    try withScratchFolder { scratch in
      let configuration = try SmallSearch.configuration()
      let cache = try ScoreCache(file: scratch.appendingPathComponent("scores.sqlite"))
      let (first, second) = (scratch.appendingPathComponent("1/run"), scratch.appendingPathComponent("2/run"))
      _ = try SmallSearch.run(configuration, in: first, cache: cache)
      let journal = Journal()
      _ = try SmallSearch.run(configuration, in: second, journal: journal, cache: cache)
      #expect(journal.keys.isEmpty)
      #expect(try RunRecord(first) == RunRecord(second))
    }
  }

  @Test func whatDivergesIsRejectedAndNeverWins() throws {
    try withScratchFolder { scratch in
      let folder = scratch.appendingPathComponent("run")
      let result = try SmallSearch.run(try SmallSearch.configuration(), in: folder)
      let store = try RunStore.read(folder)
      let diverged = try store.candidates().filter { $0.rejection?.code == "diverged" }
      #expect(!diverged.isEmpty, "the stand-in makes one loss in eight diverge")
      for found in result.best {
        #expect(
          !diverged.contains {
            $0.classification == found.losses.classification && $0.regression == found.losses.regression
          })
      }
    }
  }

  @Test func everyRejectionCodeLeavesThroughOneDoor() {
    for code in Rejection.codes {
      var tally = SearchTally()
      tally.generated = 10
      tally.rejected = [code: 4]
      let counts = tally.funnel.levels.prefix(4).map(\.count)
      let drops = zip(counts, counts.dropFirst()).filter { $0 > $1 }.count
      let leavesBeforeTraining = ![
        "passedOver", "detectorBelowThreshold", "notAmongBest", "diverged", "timedOut", "quarantined",
      ]
      .contains(code)
      #expect(drops == (leavesBeforeTraining ? 1 : 0), "\(code): \(counts)")
    }
  }

  @Test func theSummaryHoldsNoTimesPathsOrHosts() throws {
    try withScratchFolder { scratch in
      let folder = scratch.appendingPathComponent("run")
      let result = try SmallSearch.run(try SmallSearch.configuration(), in: folder)
      let summary = result.summary(run: "run")
      for part in [summary["best"], summary["holdout"]] {
        let text = part.description
        for word in ["seconds", "time", "host", "\"path", ProcessInfo.processInfo.hostName, scratch.path] {
          #expect(!text.contains(word), "\(word) in \(text)")
        }
      }
      #expect(summary["type"].string == "summary" && summary["generated"].number == 144)
      #expect(summary["best"].elements?.first?["formula"].string != nil)
    }
  }
}
