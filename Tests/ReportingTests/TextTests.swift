import Foundation
import Reporting
import Testing

@Suite struct TextTests {
  @Test(arguments: [
    ([], "–"), ([0.5], "0.500"), ([0.5, 0.7], "0.600 ± 0.141"), ([1, 2, 3, 4], "2.500 ± 1.291"),
  ])
  func spreadIsMeanAndSampleDeviation(values: [Double], text: String) {
    #expect(SeedSpread(values).description == text)
  }

  @Test func pairedDifferencesCancelWhatSeedsShare() throws {
    let ours = SeedSpread([0.5, 0.7, 0.9])
    let paired = try #require(ours.paired(minus: SeedSpread([0.4, 0.6, 0.8])))
    #expect(abs(paired.mean - 0.1) < 1e-12 && paired.standardDeviation < 1e-12)
    #expect(ours.paired(minus: SeedSpread([0.4])) == nil)
  }

  @Test func intervalIsThatOfStudent() throws {
    // scipy.stats.t.interval(0.95, 4, 3, sem([1, 2, 3, 4, 5]))
    let interval = try #require(SeedSpread([1, 2, 3, 4, 5]).interval)
    #expect(abs(interval.low - 1.036757) < 1e-3 && abs(interval.high - 4.963243) < 1e-3)
    #expect(SeedSpread([1]).interval == nil)
    #expect(SeedSpread([0.25]).difference == "+0.250")
    #expect(SeedSpread([-0.1, -0.1]).difference == "-0.100 [-0.100, -0.100]")
  }

  @Test func tableAlignsItsColumns() {
    var table = TextTable([.init("loss"), .init("AP", .right)])
    table.add("giou", "0.5")
    table.add("cross-entropy", "0.25", "dropped")
    table.add("—")
    #expect(
      table.lines == [
        "loss             AP", "─────────────  ────", "giou            0.5", "cross-entropy  0.25", "—",
      ])
  }

  @Test func funnelCountsAndShares() {
    let funnel = Funnel([.init("generated", 12_345), .init("verified", 123), .init("trained", 0)])
    #expect(funnel.line == "generated 12,345 → verified 123 → trained 0")
    #expect(funnel.table.rows.map { $0[2] } == ["100.00 %", "1.00 %", "0.00 %"])
    #expect(funnel.counts == "12,345→123→0")
    #expect(Funnel([]).line.isEmpty)
    #expect([0, 999, 1_000, -1_234_567].map(\.grouped) == ["0", "999", "1,000", "-1,234,567"])
  }
}

@Suite struct ProgressReporterTests {
  /// A clock that the test moves and a screen that it reads.
  final class Stage {
    var time: TimeInterval = 0
    var screen: [String] = []
    func reporter(_ style: ProgressReporter.Style) -> ProgressReporter {
      ProgressReporter(style: style, write: { self.screen.append($0) }, now: { self.time })
    }
  }

  private func state(_ done: Int, activity: String = "proxy") -> ProgressState {
    ProgressState(
      activity: activity, done: done, total: 40, unit: "trainings", funnel: Funnel([.init("generated", 1_000)]),
      best: "0.512")
  }

  @Test func plainLinesComeSeldom() {
    let stage = Stage()
    let reporter = stage.reporter(.lines)
    reporter.update(state(0))
    for second in 1...25 {
      stage.time = Double(second)
      reporter.update(state(second))
    }
    reporter.update(state(40))
    reporter.update(state(0, activity: "next"))
    #expect(stage.screen.count == 5)
    #expect(stage.screen[1] == "proxy · 10/40 trainings (1/s) · best 0.512 · generated 1,000\n")
    #expect(stage.screen.allSatisfy { !$0.contains("\u{1b}") && $0.hasSuffix("\n") })
  }

  @Test func terminalRedrawsOneLineThatFits() {
    let stage = Stage()
    let reporter = stage.reporter(.terminal(width: 30))
    reporter.update(state(0))
    stage.time = 0.05
    reporter.update(state(1))
    stage.time = 0.2
    reporter.update(state(2))
    reporter.message("note")
    reporter.update(state(3))
    reporter.finish()
    #expect(stage.screen.count == 6)
    #expect(stage.screen[0].hasPrefix("\r\u{1b}[K[····") && stage.screen[0].count == 1 + 3 + 29)
    #expect(stage.screen[2] == "\r\u{1b}[K" && stage.screen[3] == "note\n")
    #expect(stage.screen.last == "\n")
  }

  @Test(arguments: [
    (100, "1 s left"), (590, "6 s left"), (6_000, "1 min 0 s left"), (8_430, "1 min 25 s left"),
    (1_000_000, "2 h 46 min left"),
  ]) func theTimeLeftIsTold(row: (rest: Int, text: String)) {
    let stage = Stage()
    let reporter = stage.reporter(.lines)
    func state(_ done: Int) -> ProgressState {
      ProgressState(
        activity: "training seed 1", done: done, total: 1_000 + row.rest, unit: "images", note: "loss 0.500",
        showsTimeLeft: true)
    }
    reporter.update(state(0))
    stage.time = 10
    reporter.update(state(1_000))
    #expect(stage.screen.last?.contains("images (100/s) · \(row.text) · loss 0.500") == true, "\(stage.screen)")
  }

  @Test func silentSaysNothing() {
    let stage = Stage()
    let reporter = stage.reporter(.silent)
    reporter.update(state(0))
    reporter.message("note")
    reporter.finish()
    #expect(stage.screen.isEmpty)
  }
}
