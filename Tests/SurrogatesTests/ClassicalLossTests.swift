import Foundation
import Losses
import Randomness
import Surrogates
import Testing

/// Cross entropy, Dice and Lovász-softmax against their definitions in Double.
@Suite struct ClassicalLossTests {
  enum Loss: CaseIterable {
    case crossEntropy, dice, lovasz

    func make(_ level: InstructionSet) -> any SegmentationLoss {
      switch self {
      case .crossEntropy: CrossEntropyLoss(instructions: level)
      case .dice: DiceLoss(instructions: level)
      case .lovasz: LovaszSoftmaxLoss(instructions: level)
      }
    }

    /// The definition, on probabilities class by class.
    func value(_ p: [[Double]], _ labels: [Int]) -> Double {
      let valid = labels.indices.filter { labels[$0] < p.count }
      switch self {
      case .crossEntropy: return -valid.reduce(0) { $0 + log(p[labels[$1]][$1]) } / Double(valid.count)
      case .dice:
        let terms = p.indices.map { label in
          let own = valid.filter { labels[$0] == label }
          let squares = valid.reduce(0) { $0 + p[label][$1] * p[label][$1] }
          return 1 - (2 * own.reduce(0) { $0 + p[label][$1] } + 1) / (squares + Double(own.count) + 1)
        }
        return terms.reduce(0, +) / Double(p.count)
      case .lovasz:
        let present = p.indices.filter { label in valid.contains { labels[$0] == label } }
        let terms = present.map { label in Self.lovasz(p[label], labels.map { $0 == label }, valid) }
        return terms.reduce(0, +) / Double(present.count)
      }
    }

    /// Σ over the sorted errors of error · (J(of the first k) − J(of the first k − 1)), each J by counting anew.
    private static func lovasz(_ p: [Double], _ isTarget: [Bool], _ valid: [Int]) -> Double {
      let errors = valid.map { (place: $0, error: abs((isTarget[$0] ? 1 : 0) - p[$0])) }
      let sorted = errors.sorted { ($0.error, $1.place) > ($1.error, $0.place) }
      let all = valid.count { isTarget[$0] }
      var (before, loss) = (0.0, 0.0)
      for (index, (_, error)) in sorted.enumerated() {
        let wrong = sorted[...index]
        let lost = wrong.count { isTarget[$0.place] }
        let jaccard = 1 - Double(all - lost) / Double(all + wrong.count - lost)
        loss += error * (jaccard - before)
        before = jaccard
      }
      return loss
    }
  }

  private static func value(_ loss: Loss, _ logits: [Double], _ sample: SegmentationSample) -> Double {
    let shape = sample.shape
    var p = Array(repeating: [Double](repeating: 0, count: shape.labelCount), count: shape.classes)
    for index in 0..<shape.labelCount {
      let (image, pixel) = index.quotientAndRemainder(dividingBy: shape.pixels)
      let row = (0..<shape.classes).map { logits[(image * shape.classes + $0) * shape.pixels + pixel] }
      let sum = row.reduce(0) { $0 + exp($1) }
      for label in 0..<shape.classes { p[label][index] = exp(row[label]) / sum }
    }
    return loss.value(p, sample.labels.map(Int.init))
  }

  @Test(arguments: Loss.allCases, UInt64(0)..<6) func lossesFollowTheirDefinitions(loss: Loss, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "classical")
    let shape = try LabelMapShape(images: 2, classes: 4, height: 7, width: 9)
    let sample = SegmentationSample(shape, seed: seed)
    var logits = sample.logits.map { Double($0) }
    let wanted = Self.value(loss, logits, sample)
    let places = (0..<12).map { _ in generator.index(below: shape.logitCount) }
    let differences = places.map { place in
      let kept = logits[place]
      defer { logits[place] = kept }
      logits[place] = kept + 1e-6
      let above = Self.value(loss, logits, sample)
      logits[place] = kept - 1e-6
      return (above - Self.value(loss, logits, sample)) / 2e-6
    }
    for level in InstructionSet.available {
      let (value, gradient) = try sample.evaluate(loss.make(level))
      #expect(abs(Double(value) - wanted) < 2e-6 * max(1, abs(wanted)), "\(loss) seed \(seed): \(value), \(wanted)")
      for (place, difference) in zip(places, differences) {
        #expect(
          abs(Double(gradient[place]) - difference) < 2e-7 + 1e-4 * abs(difference),
          "\(loss) seed \(seed) logit \(place): \(gradient[place]), \(difference)")
      }
    }
  }

  @Test(arguments: Loss.allCases) func ignoredPixelsHaveNoGradient(loss: Loss) throws {
    var sample = SegmentationSample(
      try LabelMapShape(images: 1, classes: 3, height: 20, width: 20), seed: 3, ignored: 0.5)
    let (value, gradient) = try sample.evaluate(loss.make(.best))
    #expect(value.isFinite)
    for pixel in 0..<400 {
      let slopes = (0..<3).map { gradient[$0 * 400 + pixel] }
      #expect((sample.labels[pixel] == 255) == slopes.allSatisfy { $0 == 0 }, "pixel \(pixel): \(slopes)")
    }
    sample.labels = Array(repeating: 255, count: 400)
    let empty = try sample.evaluate(loss.make(.best))
    #expect(empty.gradient.allSatisfy { $0 == 0 } && (empty.value.isNaN || loss == .dice))
  }

  @Test func namesStandForLosses() throws {
    for name in SegmentationLossChoice.names {
      #expect(SegmentationLossChoice(name: name, published: .published(.boundaryF1)) != nil)
    }
    let published = SurrogateParameters.published(.meanIoU)
    #expect(SegmentationLossChoice(name: "published", published: published) == .surrogate(published))
    #expect(SegmentationLossChoice(name: "card.yaml", published: published) == nil)
  }
}
