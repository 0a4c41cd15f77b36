import Formulas
import Losses
import Proxy
import Randomness
import Testing

/// Value and gradients of the one-stage head's losses against finite differences of their definition in Double, in which
/// the IoU that is Q, box weight and wanted centerness is a constant.
@Suite struct DenseHeadGradientTests {
  /// Two levels of two images with random outputs, objects and ignored places.
  struct Scene {
    static let (images, classes) = (2, 3)
    var levels: [DenseHeadLossTests.Level] = []

    /// Anchors with deltas, or points with logarithms of distances.
    init(usesAnchors: Bool, hasObjects: Bool = true, _ generator: inout SeededGenerator) {
      for (stride, height, width) in [(4, 3, 4), (8, 2, 2)] {
        let codings = Self.codings(usesAnchors, stride, height, width)
        var level = DenseHeadLossTests.Level(
          logits: [], boxes: [], centerness: [], targets: DenseTargets(labels: [], weights: [], positives: []),
          classes: Self.classes)
        for row in 0..<Self.images * codings.count {
          let coding = codings[row % codings.count]
          let center = coding.decode(SIMD4(repeating: 0)).center
          func reach() -> Float { Float(stride) * Float(generator.uniform(0.6, 2.5)) }
          let target = BoundingBox(
            x1: center.x - reach(), y1: center.y - reach(), x2: center.x + reach(), y2: center.y + reach())
          let isObject = hasObjects && generator.chance(0.4)
          if isObject { level.targets.positives.append(.init(row: row, coding: coding, target: target)) }
          level.targets.labels.append(isObject ? Int32(generator.index(below: Self.classes)) : -1)
          level.targets.weights.append(!isObject && generator.chance(0.2) ? 0 : 1)
          let numbers = coding.encode(target)
          for side in 0..<4 { level.boxes.append(numbers[side] + Float(0.4 * generator.normal())) }
          for _ in 0..<Self.classes { level.logits.append(Float(2 * generator.normal())) }
          level.centerness.append(Float(2 * generator.normal()))
        }
        levels.append(level)
      }
    }

    private static func codings(_ usesAnchors: Bool, _ stride: Int, _ height: Int, _ width: Int) -> [BoxCoding] {
      guard usesAnchors else {
        return FCOSTargets.points(stride: stride, height: height, width: width).map {
          .logDistances(from: $0, unit: Float(stride))
        }
      }
      return AnchorGrid(stride: stride, scales: [3], ratios: [1]).anchors(height: height, width: width).map {
        .deltas(.secondStage, from: $0)
      }
    }
  }

  /// The definition in Double, on lists of numbers a level each.
  struct Definition {
    let levels: [DenseHeadLossTests.Level]
    let averaging: DenseHeadLoss.Averaging
    let collapses: Bool
    let losses: DetectionLosses
    private let classification: ReferenceEvaluator
    private let box: ExactBoxLoss

    init(_ scene: Scene, _ averaging: DenseHeadLoss.Averaging, collapses: Bool, _ losses: DetectionLosses) throws {
      (levels, self.averaging, self.collapses, self.losses) = (scene.levels, averaging, collapses, losses)
      classification = try ReferenceEvaluator(losses.classification.formula, mode: .binaryClass)
      box = try ExactBoxLoss(losses.regression)
    }

    private var objects: Int { levels.reduce(0) { $0 + $1.targets.positives.count } }
    private func numbers(_ boxes: [Double], _ row: Int) -> [Double] { Array(boxes[4 * row..<4 * row + 4]) }

    /// The IoU of every object, level after level.
    func qualities(_ boxes: [[Double]]) -> [[Double]] {
      zip(levels, boxes).map { level, boxes in
        level.targets.positives.map {
          ExactBox(numbers(boxes, $0.row), $0.coding).overlap(ExactBox($0.target))
        }
      }
    }

    func classification(_ logits: [[Double]], _ qualities: [[Double]]) throws -> Double {
      var sum = 0.0
      for (index, level) in levels.enumerated() {
        var inputs = LossInputs<Double>(rows: level.targets.labels.count, classes: level.classes)
        var (positive, quality) = (logits[index].map { _ in 0.0 }, logits[index].map { _ in 0.0 })
        for (object, found) in zip(level.targets.positives, qualities[index]) {
          let place = object.row * level.classes + Int(level.targets.labels[object.row])
          (positive[place], quality[place]) = (1, found)
        }
        (inputs[.x], inputs[.q]) = (logits[index], quality)
        (inputs[.py], inputs[.ny]) = (positive, positive.map { 1 - $0 })
        let alpha = Double(losses.classification.alpha)
        for (place, value) in try classification.value(inputs).enumerated() {
          let weight = alpha < 0 ? 1 : positive[place] == 1 ? alpha : 1 - alpha
          let counted = level.targets.weights.isEmpty ? 1 : level.targets.weights[place / level.classes]
          sum += value * weight * Double(counted)
        }
      }
      return Double(losses.classification.weight) * sum / divisor
    }

    private var divisor: Double {
      switch averaging {
      case .positivesAndImages: Double(objects + Scene.images)
      case .positives: Double(max(objects, 1))
      }
    }

    func boxes(_ boxes: [[Double]], _ qualities: [[Double]]) throws -> Double {
      guard objects > 0 else { return 0 }
      let every = qualities.flatMap { $0 }
      var sum = 0.0
      for (index, level) in levels.enumerated() {
        let together = averaging == .positives ? qualities[index] : every
        for (object, quality) in zip(level.targets.positives, qualities[index]) {
          let isOnDeltas = losses.regression.formula == nil
          let weight = collapses && !isOnDeltas ? together.reduce(0, +) / Double(together.count) : quality
          sum += weight * (try box.value(numbers(boxes[index], object.row), object.coding, target: object.target))
        }
      }
      return sum / every.reduce(0, +)
    }

    func centerness(_ logits: [[Double]], _ qualities: [[Double]]) -> Double {
      var sum = 0.0
      for (index, level) in levels.enumerated() {
        for (object, quality) in zip(level.targets.positives, qualities[index]) {
          sum += Exact.softplus(logits[index][object.row]) - quality * logits[index][object.row]
        }
      }
      return sum / Double(max(objects, 1))
    }
  }

  static let boxLosses = ["l1", "smooth-l1", "giou", "iou", "linear-iou", "cse-autoloss-a", "cse-autoloss-b"]
  static let tolerance = 5e-5

  @Test(arguments: DenseHeadLoss.Averaging.allCases, boxLosses)
  func gradientsAgreeWithFiniteDifferences(averaging: DenseHeadLoss.Averaging, name: String) throws {
    for (seed, classes) in ["cse-autoloss-b", "focal", "quality-focal", "Mul(Add(PY,Q),Softplus(Mul(X,Sub(NY,Q))))"]
      .enumerated()
    {
      let what = "\(averaging) \(name) \(classes) seed \(seed)"
      var generator = SeededGenerator(seed: UInt64(seed))
      let scene = Scene(usesAnchors: averaging == .positives, &generator)
      let losses = DetectionLosses(
        classification: try LossReference.classification(classes, mode: .binaryClass),
        regression: try LossReference.regression(name, mode: .binaryClass))
      for collapses in [false, true] {
        try hold(
          scene, try Definition(scene, averaging, collapses: collapses, losses), "\(what) collapses \(collapses)")
      }
    }
  }

  private func hold(_ scene: Scene, _ definition: Definition, _ what: String) throws {
    let loss = try DenseHeadLoss(
      definition.losses, averaging: definition.averaging, collapsesBoxWeights: definition.collapses)
    let ours = try DenseHeadLossTests.evaluate(loss, scene.levels, images: Scene.images)
    let logits = scene.levels.map { $0.logits.map(Double.init) }
    let boxes = scene.levels.map { $0.boxes.map(Double.init) }
    let centerness = scene.levels.map { $0.centerness.map(Double.init) }
    let qualities = definition.qualities(boxes)
    let values = [
      ("classification", ours.summary.classification, try definition.classification(logits, qualities)),
      ("boxes", ours.summary.boxes, try definition.boxes(boxes, qualities)),
      ("centerness", ours.summary.centerness, definition.centerness(centerness, qualities)),
    ]
    for (part, value, wanted) in values {
      #expect(abs(value - wanted) <= 1e-5 * max(abs(wanted), 1e-3), "\(what) \(part): \(value), defined \(wanted)")
    }
    try expect(ours.logits, Self.slopes(logits) { try definition.classification($0, qualities) }, "\(what) logits")
    try expect(ours.boxes, Self.slopes(boxes) { try definition.boxes($0, qualities) }, "\(what) boxes")
    try expect(
      ours.centerness, Self.slopes(centerness) { definition.centerness($0, qualities) }, "\(what) centerness")
  }

  private func expect(_ gradient: [[Float]], _ slopes: [Double], _ what: String) throws {
    let problem = Exact.disagreement(gradient.flatMap { $0 }, slopes, tolerance: Self.tolerance)
    #expect(problem == nil, "\(what): \(problem ?? "")")
  }

  /// Central differences of a loss in every number of every level.
  private static func slopes(_ numbers: [[Double]], _ loss: ([[Double]]) throws -> Double) rethrows -> [Double] {
    try numbers.indices.flatMap { level in
      try numbers[level].indices.map { index in
        try Exact.slope(numbers[level], at: index) { moved in
          var all = numbers
          all[level] = moved
          return try loss(all)
        }
      }
    }
  }

  /// Were Q and the weights to move with the boxes, these slopes would be far from ours: the check above sees it.
  @Test(arguments: DenseHeadLoss.Averaging.allCases)
  func aMovingQualityWouldBeSeen(averaging: DenseHeadLoss.Averaging) throws {
    var generator = SeededGenerator(seed: 5)
    let scene = Scene(usesAnchors: averaging == .positives, &generator)
    let losses = DetectionLosses(
      classification: try LossReference.classification("cse-autoloss-b", mode: .binaryClass),
      regression: try LossReference.regression("giou", mode: .binaryClass))
    let definition = try Definition(scene, averaging, collapses: false, losses)
    let boxes = scene.levels.map { $0.boxes.map(Double.init) }
    let logits = scene.levels.map { $0.logits.map(Double.init) }
    let fixed = definition.qualities(boxes)
    let constant = try Self.slopes(boxes) { try definition.boxes($0, fixed) }
    let weights = try Self.slopes(boxes) { try definition.boxes($0, definition.qualities($0)) }
    let quality = try Self.slopes(boxes) { try definition.classification(logits, definition.qualities($0)) }
    let largest = constant.reduce(0) { max($0, abs($1)) }
    let byWeights = zip(constant, weights).reduce(0) { max($0, abs($1.0 - $1.1)) }
    let byQuality = quality.reduce(0) { max($0, abs($1)) }
    #expect(byWeights > 1000 * Self.tolerance * largest && byQuality > 1000 * Self.tolerance * largest)
  }

  @Test(arguments: DenseHeadLoss.Averaging.allCases)
  func withoutObjectsOnlyTheBackgroundCounts(averaging: DenseHeadLoss.Averaging) throws {
    var generator = SeededGenerator(seed: 6)
    let scene = Scene(usesAnchors: averaging == .positives, hasObjects: false, &generator)
    let losses = DetectionLosses(
      classification: try LossReference.classification("focal", mode: .binaryClass),
      regression: try LossReference.regression("giou", mode: .binaryClass))
    for collapses in [false, true] {
      let definition = try Definition(scene, averaging, collapses: collapses, losses)
      try hold(scene, definition, "\(averaging) collapses \(collapses) seed 6")
      let found = try DenseHeadLossTests.evaluate(
        DenseHeadLoss(losses, averaging: averaging, collapsesBoxWeights: collapses), scene.levels,
        images: Scene.images)
      #expect(found.summary.classification > 0 && found.summary.boxes == 0 && found.summary.centerness == 0)
      #expect(found.boxes.allSatisfy { $0.allSatisfy { $0 == 0 } }, "seed 6")
    }
  }
}

extension BoundingBox {
  fileprivate var center: Point { Point(x: (x1 + x2) / 2, y: (y1 + y2) / 2) }
}
