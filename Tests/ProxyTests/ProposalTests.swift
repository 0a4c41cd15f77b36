import Foundation
import Proxy
import Randomness
import Testing

/// The proposal network's targets, losses and choice of proposals, on outputs that the tests make up.
@Suite struct ProposalTests {
  static let settings = ProposalSettings(
    anchorSizes: [[8, 16], [24, 40]], sampling: RandomSampler(count: 24, positiveShare: 0.5), lossWeight: 2,
    beforeSuppression: 30, kept: 10)
  static let anchors = PyramidAnchors(settings, strides: [4, 8], cells: [(8, 10), (4, 5)])
  static let area = ImageArea(width: 40, height: 32)
  static let boxes = [
    BoundingBox(x1: 3, y1: 3, x2: 12, y2: 11), BoundingBox(x1: 14, y1: 6, x2: 38, y2: 30),
  ]

  /// Outputs of two images as one list of numbers: objectness of both levels, then deltas of both levels.
  struct Numbers {
    var values: [Float]
    var gradient: [Float]
    static let counts = anchors.levels.map { 2 * $0.count }
    static var starts: [Int] { [0, counts[0], counts[0] + counts[1], 5 * counts[0] + counts[1]] }
    static var count: Int { 5 * (counts[0] + counts[1]) }

    init(_ values: [Float]) {
      self.values = values
      gradient = values.map { _ in .nan }
    }

    /// Calls `body` with both levels' buffers.
    mutating func withOutputs<T>(_ body: ([ProposalOutputs]) -> T) -> T {
      let (starts, counts) = (Self.starts, Self.counts)
      return values.withUnsafeMutableBufferPointer { values in
        gradient.withUnsafeMutableBufferPointer { gradient in
          func part(_ buffer: UnsafeMutableBufferPointer<Float>, _ start: Int, _ count: Int)
            -> UnsafeMutableBufferPointer<Float>
          {
            UnsafeMutableBufferPointer(rebasing: buffer[start..<(start + count)])
          }
          return body(
            (0..<2).map { level in
              let (logits, deltas, count) = (starts[level], starts[level + 2], counts[level])
              return ProposalOutputs(
                objectness: part(values, logits, count), objectnessGradient: part(gradient, logits, count),
                deltas: part(values, deltas, 4 * count), deltasGradient: part(gradient, deltas, 4 * count))
            })
        }
      }
    }
  }

  private func targets(seed: UInt64) -> [ProposalLoss.ImageTargets] {
    let loss = ProposalLoss(settings: Self.settings, anchors: Self.anchors)
    var generator = SeededGenerator(seed: seed)
    return [Self.boxes, []].map { loss.targets($0, ignored: [], using: &generator) }
  }

  @Test func everyObjectHasAnAnchorAndSharesAreKept() {
    for seed in UInt64(0)..<10 {
      let targets = targets(seed: seed)
      for box in Self.boxes { #expect(targets[0].objects.contains { $0.target == box }, "seed \(seed)") }
      #expect(targets[0].objects.count <= 12 && targets[0].objects.count + targets[0].background.count == 24)
      #expect(targets[1].objects.isEmpty && targets[1].background.count == 24, "seed \(seed)")
      for (anchor, target) in targets[0].objects {
        #expect(OverlapMeasure.iou(Self.anchors.boxes[anchor], target) >= 0.3, "seed \(seed)")
      }
    }
  }

  @Test func rememberedMatchesEqualFreshOnes() {
    let loss = ProposalLoss(settings: Self.settings, anchors: Self.anchors)
    var (first, second) = (SeededGenerator(seed: 3), SeededGenerator(seed: 3))
    let fresh = loss.targets(Self.boxes, ignored: [], using: &first)
    _ = loss.targets([Self.boxes[1]], ignored: [Self.boxes[0]], using: &first)
    let again = loss.targets(Self.boxes, ignored: [], using: &second)
    #expect(fresh.background == again.background)
    #expect(fresh.objects.map(\.anchor) == again.objects.map(\.anchor))
  }

  /// The sum of both losses by their definition, on outputs in `Numbers`' order.
  private func defined(_ values: [Double], _ targets: [ProposalLoss.ImageTargets]) -> Double {
    var sum = 0.0
    for (image, target) in targets.enumerated() {
      func place(_ anchor: Int) -> (logit: Int, deltas: Int) {
        let level = anchor < Self.anchors.levels[1].start ? 0 : 1
        let index = image * Self.anchors.levels[level].count + anchor - Self.anchors.levels[level].start
        return (Numbers.starts[level] + index, Numbers.starts[level + 2] + 4 * index)
      }
      for anchor in target.background { sum += Exact.softplus(values[place(anchor).logit]) }
      for (anchor, box) in target.objects {
        sum += Exact.softplus(-values[place(anchor).logit])
        let (from, to) = (ExactBox(Self.anchors.boxes[anchor]), ExactBox(box))
        let (width, height) = (from.x2 - from.x1, from.y2 - from.y1)
        let wanted = [
          (to.x1 + to.x2 - from.x1 - from.x2) / 2 / width, (to.y1 + to.y2 - from.y1 - from.y2) / 2 / height,
          log((to.x2 - to.x1) / width), log((to.y2 - to.y1) / height),
        ]
        for side in 0..<4 { sum += abs(values[place(anchor).deltas + side] - wanted[side]) }
      }
    }
    let sampled = targets.reduce(0) { $0 + $1.objects.count + $1.background.count }
    return Double(Self.settings.lossWeight) * sum / Double(sampled)
  }

  @Test(arguments: 0..<3)
  func gradientsAgreeWithFiniteDifferences(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let values = (0..<Numbers.count).map { _ in Float(generator.normal()) }
    let targets = targets(seed: seed)
    let loss = ProposalLoss(settings: Self.settings, anchors: Self.anchors)
    var numbers = Numbers(values)
    let found = numbers.withOutputs { loss.evaluate($0, targets: targets) }
    let exact = values.map(Double.init)
    let wanted = defined(exact, targets)
    #expect(abs(found.objectness + found.boxes - wanted) < 1e-6 * wanted, "seed \(seed)")
    let slopes = exact.indices.map { Exact.slope(exact, at: $0) { defined($0, targets) } }
    #expect(slopes.count { $0 != 0 } > 48, "seed \(seed)")
    let problem = Exact.disagreement(numbers.gradient, slopes, tolerance: 1e-5)
    #expect(problem == nil, "seed \(seed): \(problem ?? "")")
  }

  @Test(arguments: 0..<5)
  func proposalsAreTheBestBoxesInsideTheImage(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var numbers = Numbers((0..<Numbers.count).map { _ in Float(0.5 * generator.normal()) })
    // One anchor of the second image shouts, with zero deltas.
    let anchor = Self.anchors.levels[0].count / 2
    let place = Self.anchors.levels[0].count + anchor
    numbers.values[place] = 20
    for side in 0..<4 { numbers.values[Numbers.starts[2] + 4 * place + side] = 0 }
    let selection = ProposalSelection(settings: Self.settings, anchors: Self.anchors)
    let (first, second) = numbers.withOutputs { outputs in
      (
        selection.proposals(outputs, image: 0, area: Self.area),
        selection.proposals(outputs, image: 1, area: Self.area)
      )
    }
    #expect(second.first == Self.area.clip(Self.anchors.boxes[anchor]), "seed \(seed)")
    for boxes in [first, second] {
      #expect(boxes.count <= 10 && !boxes.isEmpty, "seed \(seed)")
      #expect(boxes.allSatisfy { $0 == Self.area.clip($0) && $0.width >= 1 && $0.height >= 1 }, "seed \(seed)")
    }
  }

  @Test(arguments: 0..<20)
  func rankingEqualsSorting(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var values = (0..<300).map { _ in Float((generator.normal() * 3).rounded()) }
    values[7] = .nan
    values[8] = -.infinity
    let sorted = values.indices.sorted { a, b in
      if values[a].isNaN != values[b].isNaN { return values[b].isNaN }
      return values[a] > values[b] || (values[a] == values[b] && a < b) || (values[a].isNaN && a < b)
    }
    for count in [1, 5, 100, 299, 300, 1000] {
      let best = values.withUnsafeBufferPointer { Ranking.best(count, of: $0) }
      #expect(best == Array(sorted.prefix(count)), "seed \(seed), the best \(count)")
    }
  }
}
