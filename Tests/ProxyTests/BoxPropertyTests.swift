import Proxy
import Randomness
import Testing

/// Properties that hold for any boxes; a failure prints the seed.
@Suite struct BoxPropertyTests {
  static func randomBox(_ generator: inout SeededGenerator) -> BoundingBox {
    let (x, y) = (Float(generator.uniform(-20, 200)), Float(generator.uniform(-20, 150)))
    return BoundingBox(
      x1: x, y1: y, x2: x + Float(generator.uniform(4, 120)), y2: y + Float(generator.uniform(4, 120)))
  }

  @Test(arguments: 0..<20)
  func encodingIsUndoneByDecoding(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let (anchor, target) = (Self.randomBox(&generator), Self.randomBox(&generator))
    for coder in [DeltaCoder.proposals, .secondStage] {
      let back = coder.decode(coder.encode(target, anchor: anchor), anchor: anchor)
      for (a, b) in zip(back.coordinates, target.coordinates) { #expect(abs(a - b) < 1e-3, "seed \(seed)") }
    }
  }

  @Test(arguments: 0..<20)
  func decodingGradientAgreesWithFiniteDifferences(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let anchor = Self.randomBox(&generator)
    let d = (0..<4).map { _ in Float(generator.normal()) }
    let up = (0..<4).map { _ in Float(generator.normal()) }
    let upstream = BoundingBox(x1: up[0], y1: up[1], x2: up[2], y2: up[3])
    let coder = DeltaCoder.secondStage
    let slope = coder.gradient(of: Self.deltas(d), anchor: anchor, upstream: upstream)
    for (side, ours) in [slope.dx, slope.dy, slope.dw, slope.dh].enumerated() {
      let step: Float = 1e-2
      var (more, less) = (d, d)
      more[side] += step
      less[side] -= step
      let after = coder.decode(Self.deltas(more), anchor: anchor).coordinates
      let before = coder.decode(Self.deltas(less), anchor: anchor).coordinates
      let measured = zip(zip(after, before), up).reduce(Float(0)) { $0 + ($1.0.0 - $1.0.1) * $1.1 } / (2 * step)
      #expect(abs(measured - ours) < 0.02 * max(1, abs(ours)), "seed \(seed) side \(side): \(measured) \(ours)")
    }
  }

  @Test(arguments: 0..<20)
  func keptBoxesDoNotOverlapAndTheRestDoes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let boxes = (0..<40).map { _ in Self.randomBox(&generator) }
    let scores = boxes.map { _ in Float(generator.uniform()) }
    let kept = NonMaximumSuppression.keep(boxes, scores: scores, threshold: 0.4)
    for (place, a) in kept.enumerated() {
      for b in kept[(place + 1)...] {
        #expect(scores[a] >= scores[b] && OverlapMeasure.iou(boxes[a], boxes[b]) <= 0.4, "seed \(seed)")
      }
    }
    for lost in Set(boxes.indices).subtracting(kept) {
      let reason = kept.contains { scores[$0] >= scores[lost] && OverlapMeasure.iou(boxes[$0], boxes[lost]) > 0.4 }
      #expect(reason, "seed \(seed): box \(lost) was dropped for nothing")
    }
    #expect(NonMaximumSuppression.keep(boxes, scores: scores, threshold: 0.4, limit: 3) == Array(kept.prefix(3)))
  }

  @Test(arguments: 0..<20)
  func samplerKeepsItsShares(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let matches = (0..<200).map { _ -> Match in
      switch generator.index(below: 3) {
      case 0: .ignored
      case 1: .background
      default: .object(generator.index(below: 5))
      }
    }
    let sampler = RandomSampler(count: 48, positiveShare: 0.25)
    var again = generator
    let (positives, negatives) = sampler.sample(matches, using: &generator)
    #expect(positives.count == 12 && negatives.count == 36, "seed \(seed)")
    #expect(positives.allSatisfy { matches[$0].groundTruth != nil } && Set(positives).count == 12, "seed \(seed)")
    #expect(negatives.allSatisfy { matches[$0] == .background } && Set(negatives).count == 36, "seed \(seed)")
    #expect(sampler.sample(matches, using: &again) == (positives, negatives), "seed \(seed)")
    let few = sampler.sample([.object(0), .background, .ignored], using: &again)
    #expect(few == ([0], [1]))
  }

  private static func deltas(_ v: [Float]) -> BoxDeltas { BoxDeltas(dx: v[0], dy: v[1], dw: v[2], dh: v[3]) }
}
