import Formulas
import Foundation
import Losses
import Randomness

/// Inputs as the loss wrappers make them, drawn with a fixed seed: one-hot labels, IoUs at positives, areas of valid boxes.
///
/// Legend. N: rows. C: classes, in MULTI_CLS the background included. All arrays are row-major.
struct AdmissibleBatch: Sendable {
  let inputs: LossInputs<Double>
  /// The column of the true class of each row; nil for rows of background in BINARY_CLS and for boxes.
  let truth: [Int?]
  /// REG: the boxes whose areas `inputs` holds.
  let boxes: [BoxPair]

  /// Batches of a mode: a small one for a first look, then larger ones.
  static func batches(of mode: Mode) -> [AdmissibleBatch] {
    switch mode {
    case .multiClass: multiClass
    case .binaryClass: binaryClass
    case .regression: regression
    }
  }

  private static let multiClass = [logits(6, 3, .multiClass), logits(40, 4, .multiClass), logits(12, 10, .multiClass)]
  private static let binaryClass = [
    logits(8, 2, .binaryClass), logits(48, 3, .binaryClass), logits(24, 2, .binaryClass),
  ]
  private static let regression = [boxes(16), boxes(96)]

  /// The same and, for boxes, a batch of small ones (sides of 0.2 to 16): a part that is constant on pixels, such as Sig(U), may
  /// have influence in other units.
  static func batchesOfEveryUnit(_ mode: Mode) -> [AdmissibleBatch] {
    batches(of: mode) + (mode == .regression ? smallBoxes : [])
  }

  private static let smallBoxes = [AdmissibleBatch(boxes: boxes(64).boxes.map { $0.scaled(by: 1.0 / 48) })]

  private static func logits(_ rows: Int, _ classes: Int, _ mode: Mode) -> AdmissibleBatch {
    var random = SeededGenerator(seed: 1, stream: "explanation \(mode.rawValue)", index: UInt64(classes))
    var inputs = LossInputs<Double>(rows: rows, classes: classes)
    var truth: [Int?] = []
    var (x, label, z, q) = ([Double](), [Double](), [Double](), [Double]())
    for row in 0..<rows {
      let spread = [0.5, 2, 5][row % 3]
      // Every fourth row of the sigmoid modes is background.
      let positive = mode == .binaryClass && row % 4 == 3 ? nil : random.index(below: classes)
      let overlap = random.uniform(0.05, 1)
      truth.append(positive)
      for column in 0..<classes {
        let isPositive = column == positive
        x.append(spread * random.normal())
        label.append(isPositive ? 1 : 0)
        z.append(positive == classes - 1 ? 1 : overlap)
        q.append(isPositive ? overlap : 0)
      }
    }
    inputs[.x] = x
    switch mode {
    case .multiClass: (inputs[.y], inputs[.z]) = (label, z)
    case .binaryClass: (inputs[.q], inputs[.py], inputs[.ny]) = (q, label, label.map { 1 - $0 })
    case .regression: break
    }
    return AdmissibleBatch(inputs: inputs, truth: truth, boxes: [])
  }

  private static func boxes(_ count: Int) -> AdmissibleBatch {
    var random = SeededGenerator(seed: 1, stream: "explanation REG", index: UInt64(count))
    let pairs = (0..<count).map { index in
      var predicted: [Double] = []
      var (centers, sizes) = ([Double](), [Double]())
      for _ in 0..<2 {
        let target = 12 * pow(32, random.uniform())
        let size = target * pow(4, random.uniform() - 0.5)
        // Every eighth pair lies apart.
        let reach = index % 8 == 7 ? random.uniform(1.5, 3) * target + size : random.uniform(0, 0.35) * (target + size)
        sizes.append(target)
        centers.append(random.chance(0.5) ? reach : -reach)
        predicted.append(size)
      }
      return BoxPair(
        predicted: ProbeBox(centerX: centers[0], centerY: centers[1], width: predicted[0], height: predicted[1]),
        target: ProbeBox(centerX: 0, centerY: 0, width: sizes[0], height: sizes[1]))
    }
    return AdmissibleBatch(boxes: pairs)
  }
}

extension AdmissibleBatch {
  /// The areas of boxes.
  init(boxes: [BoxPair]) {
    let areas = boxes.map(\.areas)
    var inputs = LossInputs<Double>(rows: boxes.count)
    inputs[.u] = areas.map(\.union)
    inputs[.i] = areas.map(\.intersection)
    inputs[.e] = areas.map(\.enclosing)
    self.init(inputs: inputs, truth: boxes.map { _ in nil }, boxes: boxes)
  }

  /// What training sees of the gradient: N×C for logits; for boxes N×4, at the predicted corners, each times the target's
  /// side, so that small and large boxes count alike.
  func predictionGradient(_ gradients: [Variable: [Double]]) -> [Double] {
    guard !boxes.isEmpty else {
      return gradients[.x] ?? [Double](repeating: 0, count: inputs.rows * inputs.classes)
    }
    return boxes.indices.flatMap { row in
      boxes[row].cornerGradient(
        union: gradients[.u]?[row] ?? 0, intersection: gradients[.i]?[row] ?? 0, enclosing: gradients[.e]?[row] ?? 0)
    }
  }

  /// The gradient of what a trace computed.
  func predictionGradient(_ trace: NodeTrace, of formula: Formula) -> [Double] {
    var gradients: [Variable: [Double]] = [:]
    for (index, node) in formula.nodes.enumerated() {
      if case .variable(let variable) = node { gradients[variable] = trace.adjoints[index] }
    }
    return predictionGradient(gradients)
  }
}

/// A predicted box and its target, in pixels.
struct BoxPair: Sendable {
  let predicted: ProbeBox
  let target: ProbeBox

  var areas: BoxOverlap<Double> { predicted.overlap(with: target) }

  /// The target's width and height.
  var sides: (Double, Double) {
    (target.corners[2] - target.corners[0], target.corners[3] - target.corners[1])
  }

  var intersectionOverUnion: Double { areas.intersection / areas.union }

  /// Both boxes with every corner multiplied.
  func scaled(by factor: Double) -> BoxPair {
    BoxPair(
      predicted: ProbeBox(corners: predicted.corners.map { $0 * factor }),
      target: ProbeBox(corners: target.corners.map { $0 * factor }))
  }

  /// The gradient at the four predicted corners, each times the target's side along its axis.
  func cornerGradient(union: Double, intersection: Double, enclosing: Double) -> [Double] {
    var corners = [0.0, 0, 0, 0]
    BoxOverlap(union: union, intersection: intersection, enclosing: enclosing)
      .pullBack(predicted.corners, target.corners, to: &corners)
    let (width, height) = sides
    return corners.enumerated().map { $0.element * ($0.offset % 2 == 0 ? width : height) }
  }
}
