import Formulas
import Losses
import Reporting
import Screening
import Testing

/// Curves of known losses show what is true of them.
@Suite struct LossCurvesTests {
  private func figure(_ text: String, _ mode: Mode) throws -> Figure {
    let (formula, found) = try LossReference.formula(text, mode: mode)
    return LossCurves(of: formula, mode: found).figure
  }

  private func own(_ panel: Figure.Panel) -> [Figure.Series] { panel.series.filter { $0.stroke == .solid } }

  @Test func crossEntropyFallsWithTheProbabilityAndItsGradientVanishes() throws {
    let panels = try figure("cross-entropy", .multiClass).panels
    #expect(panels.count == 2)
    let loss = try #require(own(panels[0]).first).points
    for (before, after) in zip(loss, loss.dropFirst()) { #expect(after.y < before.y) }
    for point in try #require(own(panels[1]).first).points {
      // −(1 − p)
      #expect(abs(point.y - (point.x - 1)) < 1e-9)
    }
  }

  @Test(arguments: BuiltInLoss.allCases) func everyBuiltInLossHasFiniteCurves(loss: BuiltInLoss) throws {
    for mode in loss.modes {
      let formula = try #require(loss.formula(in: mode))
      let figure = LossCurves(of: formula, mode: mode).figure
      #expect(figure.panels.count == (mode == .multiClass ? 2 : 4))
      for panel in figure.panels {
        #expect(!own(panel).isEmpty)
        #expect(own(panel).allSatisfy { $0.points.contains { $0.y.isFinite } }, "\(loss) \(mode) \(panel.title)")
        // The known losses beside it, without itself.
        #expect(panel.series.count > own(panel).count)
        #expect(!panel.series.contains { $0.stroke != .solid && $0.label == loss.rawValue })
      }
      #expect(figure.svg().contains("polyline"))
    }
  }

  @Test func theOverlapFeedsTheCurves() throws {
    let labels = try figure("cse-autoloss-a", .multiClass).panels[0].series.map(\.label)
    #expect(labels.prefix(3) == ["this formula, Z = 1", "this formula, Z = 0.7", "this formula, Z = 0.4"])
    let quality = try figure("quality-focal", .binaryClass).panels
    #expect(own(quality[0]).count == 3 && own(quality[2]).count == 1)
  }

  @Test func linearIoUIsAStraightLineOverIoU() throws {
    for series in own(try figure("linear-iou", .regression).panels[0]) {
      for point in series.points { #expect(abs(point.y - (1 - point.x)) < 1e-6) }
    }
    // Where boxes do not touch it is flat, and GIoU is not.
    let apart = try figure("linear-iou", .regression).panels[3]
    #expect(own(apart)[0].points.filter { $0.x > 1.05 }.allSatisfy { $0.y == 0 })
    #expect(own(try figure("giou", .regression).panels[3])[0].points.filter { $0.x > 1.05 }.allSatisfy { $0.y < 0 })
  }

  @Test(arguments: [
    ("1", Mode.multiClass), ("Dot(Dot(X,X),1)", .multiClass), ("Log(Neg(Exp(X)))", .multiClass), ("X", .multiClass),
    ("Q", .binaryClass), ("Div(1,Sub(PY,PY))", .binaryClass), ("Exp(Exp(U))", .regression), ("2", .regression),
    ("Log(Sub(I,U))", .regression), ("Mul(Exp(88),Exp(88))", .regression),
  ]) func whatIsNoLossIsDrawnOrTold(text: String, mode: Mode) throws {
    let figure = try figure(text, mode)
    #expect(figure.svg().hasSuffix("</svg>\n"))
    let drawsItself = figure.panels.contains { panel in own(panel).contains { $0.points.contains { $0.y.isFinite } } }
    #expect(drawsItself || !figure.notes.isEmpty)
  }
}
