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

  /// Every loss of pixels that `losses list` knows; `cross-entropy` is the `ce` of segmenters.
  @Test func builtInLossesOfPixelsAreLosses() throws {
    func loss(_ text: String) throws -> SegmentationLossChoice {
      try ThetaArgument(text, metric: nil, tolerance: nil, dropsBackground: nil).loss(hasBackground: false)
    }
    let focal = try #require(BuiltInLoss.focal.formula(in: .multiClass))
    let (found, wanted) = (try loss("focal"), SegmentationLossChoice.formula(focal))
    #expect(found == wanted)
    #expect(try loss("cross-entropy") == .crossEntropy)
    for name in ThetaArgument.names { _ = try loss(name) }
    #expect(ThetaArgument.names == ["published", "ce", "dice", "lovasz", "cross-entropy", "focal"])
    for (name, words) in [("giou", "is no loss of pixels"), ("cse-autoloss-a", "uses Z"), ("focla", "'focal'")] {
      let error = #expect(throws: SearchError.self) { _ = try loss(name) }
      #expect(error?.description.contains(words) == true, "\(name): \(error?.description ?? "")")
    }
  }

  @Test(arguments: [
    ("[0.1,", "line 1, column 6"), ("[0.5, 1e400]", "the number is too large"), ("[0.5, \"0.5\"]", "[1] is"),
    ("[]", "theta has 0 numbers"),
  ]) func listsThatAreNoneAreNamed(text: String, words: String) throws {
    try withScratchFolder { folder in
      let list = folder.appendingPathComponent("theta.json")
      try Data(text.utf8).write(to: list)
      let error = #expect(throws: SearchError.self) {
        try ThetaArgument(list.path, metric: .meanIoU, tolerance: nil, dropsBackground: nil)
      }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  /// A card that asks for what a segmenter's training does not do is refused, not trained as something else.
  @Test(arguments: [
    ("reduction: sum", "reduction: sum, but segmenters train with mean"),
    ("average_by: positives", "average_by: positives, but segmenters train with elements or sampled"),
    ("iou: decoded_box", "iou: decoded_box, but segmenters train with none"), ("loss_weight: 2", "loss_weight: 2"),
    ("average_by: elements", ""), ("average_by: sampled", ""),
  ]) func cardsAskForWhatIsDone(line: String, words: String) throws {
    try withScratchFolder { folder in
      let card = folder.appendingPathComponent("card.yaml")
      let text = "autoloss_card: 1\nname: mine\nmode: MULTI_CLS\nformula: Neg(Dot(Y,Log(Softmax(X))))\n\(line)\n"
      try Data(text.utf8).write(to: card)
      do {
        _ = try ThetaArgument(card.path, metric: nil, tolerance: nil, dropsBackground: nil)
        #expect(words.isEmpty, "\(line) is taken")
      } catch {
        #expect(!words.isEmpty && "\(error)".contains(words), "\(line): \(error)")
      }
    }
  }
}
