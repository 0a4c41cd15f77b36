import Foundation
import Losses
import Search
import Surrogates
import Testing

/// What `--theta` stands for, and how the command's own settings reach it.
@Suite struct ThetaArgumentTests {
  private static let card = """
    autoloss_card: 1
    name: mine
    mode: SURROGATE
    metric: BIoU
    parameterization: piecewise_linear
    theta: [0.5, 0.5, 0.5, 0.5]
    tolerance: 3
    drop_background: true

    """

  /// Tolerance and background of a surrogate; nil for other losses.
  private struct Boundaries: Equatable {
    let tolerance: Int
    let drops: Bool
  }

  private func boundaries(
    _ text: String, metric: SegmentationMetric? = nil, tolerance: Int? = nil, drops: Bool? = nil, hasBackground: Bool
  ) throws -> Boundaries? {
    let argument = try ThetaArgument(text, metric: metric, tolerance: tolerance, dropsBackground: drops)
    guard case .surrogate(let parameters) = argument.loss(hasBackground: hasBackground) else { return nil }
    return Boundaries(tolerance: parameters.tolerance, drops: parameters.dropsBackground)
  }

  /// One rule for both metrics of boundaries: class 0 is dropped where it is called background, unless the command says
  /// otherwise.
  @Test(arguments: [SegmentationMetric.boundaryIoU, .boundaryF1]) func theDataSaysWhetherClass0IsDropped(
    metric: SegmentationMetric
  ) throws {
    try withScratchFolder { folder in
      let list = folder.appendingPathComponent("theta.json")
      let count = SurrogateParameters.published(metric).theta.count
      try Data("[\([String](repeating: "0.5", count: count).joined(separator: ","))]".utf8).write(to: list)
      for text in ["published", list.path] {
        for hasBackground in [false, true] {
          #expect(
            try boundaries(text, metric: metric, hasBackground: hasBackground)
              == Boundaries(tolerance: 5, drops: hasBackground), "\(text)")
          for drops in [false, true] {
            #expect(
              try boundaries(text, metric: metric, tolerance: 2, drops: drops, hasBackground: hasBackground)
                == Boundaries(tolerance: 2, drops: drops), "\(text)")
          }
        }
      }
    }
  }

  @Test func aCardKeepsItsOwnUnlessTheCommandSaysOtherwise() throws {
    try withScratchFolder { folder in
      let card = folder.appendingPathComponent("card.yaml")
      try Data(Self.card.utf8).write(to: card)
      for hasBackground in [false, true] {
        #expect(
          try boundaries(card.path, hasBackground: hasBackground) == Boundaries(tolerance: 3, drops: true))
        #expect(
          try boundaries(card.path, tolerance: 7, drops: false, hasBackground: hasBackground)
            == Boundaries(tolerance: 7, drops: false))
      }
      #expect(try ThetaArgument(card.path, metric: nil, tolerance: nil, dropsBackground: nil).metric == .boundaryIoU)
    }
  }

  @Test(arguments: ["ce", "dice", "lovasz", "Neg(Dot(Y,Log(Softmax(X))))"]) func otherLossesKnowNoBoundaries(
    text: String
  ) throws {
    #expect(try boundaries(text, tolerance: 2, drops: true, hasBackground: true) == nil)
  }
}
