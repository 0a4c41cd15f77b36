import Formulas
import Losses
import Proxy
import Randomness
import Testing

/// Value and gradients of a box head's losses against finite differences of their definition in Double, in which the IoU
/// that is Z is a constant: one box a class, or one box for all and a cascade's coders.
@Suite struct BoxHeadGradientTests {
  /// Regions with random outputs of a head, and the definition of its losses.
  struct Head {
    static let classes = 3
    let coder: DeltaCoder
    let isClassAgnostic: Bool
    let losses: DetectionLosses
    var regions: [SampledRegion] = []
    var logits: [Float] = []
    var deltas: [Float] = []

    init(_ losses: DetectionLosses, coder: DeltaCoder, isClassAgnostic: Bool, seed: UInt64) {
      (self.losses, self.coder, self.isClassAgnostic) = (losses, coder, isClassAgnostic)
      var generator = SeededGenerator(seed: seed)
      for row in 0..<7 {
        let box = BoxPropertyTests.randomBox(&generator)
        func moved(_ side: Float) -> Float { side + Float(generator.uniform(-3, 3)) }
        let target = BoundingBox(x1: moved(box.x1), y1: moved(box.y1), x2: moved(box.x2), y2: moved(box.y2))
        let label = row < 4 ? generator.index(below: Self.classes) : Self.classes
        regions.append(
          SampledRegion(
            image: 0, box: box, label: label, target: row < 4 ? target : nil, weight: row == 1 || row == 5 ? 0 : 1))
        logits += (0...Self.classes).map { _ in Float(generator.normal()) }
        for _ in 0..<(isClassAgnostic ? 1 : Self.classes) {
          let wanted = coder.encode(target, anchor: box)
          deltas += [wanted.dx, wanted.dy, wanted.dw, wanted.dh].map { $0 + Float(0.5 * generator.normal()) }
        }
      }
    }

    var objects: [Int] { regions.indices.filter { regions[$0].target != nil } }

    private func numbers(_ deltas: [Double], _ row: Int) -> [Double] {
      let place = 4 * (isClassAgnostic ? row : row * Self.classes + regions[row].label)
      return Array(deltas[place..<place + 4])
    }

    /// Z of every region.
    func qualities(_ deltas: [Double]) -> [Double] {
      regions.indices.map { row in
        guard let target = regions[row].target else { return 1 }
        return ExactBox(numbers(deltas, row), .deltas(coder, from: regions[row].box)).overlap(ExactBox(target))
      }
    }

    func classification(_ logits: [Double], _ qualities: [Double]) throws -> Double {
      let evaluator = try ReferenceEvaluator(losses.classification.formula, mode: .multiClass)
      var inputs = LossInputs<Double>(rows: regions.count, classes: Self.classes + 1)
      inputs[.x] = logits
      inputs[.y] = regions.flatMap { region in (0...Self.classes).map { $0 == region.label ? 1 : 0 } }
      inputs[.z] = qualities.flatMap { [Double](repeating: $0, count: Self.classes + 1) }
      let sum = zip(try evaluator.value(inputs), regions).reduce(0) { $0 + $1.0 * Double($1.1.weight) }
      return Double(losses.classification.weight) * sum / Double(regions.count { $0.weight > 0 })
    }

    func boxes(_ deltas: [Double]) throws -> Double {
      let term = try ExactBoxLoss(losses.regression)
      let sum = try objects.reduce(0.0) { sum, row in
        guard let target = regions[row].target else { return sum }
        return sum + (try term.value(numbers(deltas, row), .deltas(coder, from: regions[row].box), target: target))
      }
      return sum / Double(regions.count)
    }
  }

  static let boxLosses = [
    "l1", "smooth-l1", "giou", "linear-iou", "iou", "cse-autoloss-a", "Div(Add(U,Sqrt(E)),Add(I,Log(E)))",
  ]
  /// Those of Faster R-CNN and of the three heads of Cascade R-CNN.
  static let heads: [(scale: Float, isClassAgnostic: Bool)] = [(1, false), (1, true), (0.5, true), (1 / 3, true)]

  @Test(arguments: boxLosses, heads)
  func gradientsAgreeWithFiniteDifferences(name: String, kind: (scale: Float, isClassAgnostic: Bool)) throws {
    for (seed, classes) in ["cross-entropy", "focal", "cse-autoloss-a"].enumerated() {
      var losses = DetectionLosses(
        classification: try LossReference.classification(classes, mode: .multiClass),
        regression: try LossReference.regression(name, mode: .multiClass))
      losses.classification.weight = 0.5
      let coder = DeltaCoder(
        deviations: BoxDeltas(dx: 0.1 * kind.scale, dy: 0.1 * kind.scale, dw: 0.2 * kind.scale, dh: 0.2 * kind.scale))
      let head = Head(losses, coder: coder, isClassAgnostic: kind.isClassAgnostic, seed: UInt64(seed))
      try hold(head, "\(name) \(classes) \(kind) seed \(seed)")
    }
  }

  private func hold(_ head: Head, _ what: String) throws {
    let rows = BoxHeadLossTests.Rows(
      classes: Head.classes, logits: head.logits, deltas: head.deltas, coder: head.coder,
      isClassAgnostic: head.isClassAgnostic)
    let ours = try rows.evaluate(head.losses, head.regions)
    let (logits, deltas) = (head.logits.map(Double.init), head.deltas.map(Double.init))
    let qualities = head.qualities(deltas)
    for (part, value, wanted) in [
      ("classification", ours.classification, try head.classification(logits, qualities)),
      ("boxes", ours.boxes, try head.boxes(deltas)),
    ] {
      #expect(abs(value - wanted) <= 1e-5 * max(abs(wanted), 1e-3), "\(what) \(part): \(value), defined \(wanted)")
    }
    let byLogits = try logits.indices.map { place in
      try Exact.slope(logits, at: place) { try head.classification($0, qualities) }
    }
    let byDeltas = try deltas.indices.map { try Exact.slope(deltas, at: $0) { try head.boxes($0) } }
    for (part, gradient, slopes) in [
      ("logits", rows.logitsGradient, byLogits), ("deltas", rows.deltasGradient, byDeltas),
    ] {
      let problem = Exact.disagreement(gradient, slopes, tolerance: 5e-5)
      #expect(problem == nil, "\(what) \(part): \(problem ?? "")")
    }
  }
}
