import Formulas
import Foundation
import Randomness

/// The inputs of fingerprints: labels, IoUs and boxes as the wrappers make them, logits of several sizes.
enum ProbeInputs {
  /// How many digits of the gradients count.
  enum Digits {
    /// Eight of the largest entry.
    case all
    /// One: far from 0 a sigmoid leaves no more in some spellings.
    case one
  }

  typealias Batch = (inputs: LossInputs<Double>, digits: Digits)

  static func batches(of mode: Mode) -> [Batch] {
    switch mode {
    case .multiClass: multiClass
    case .binaryClass: binaryClass
    case .regression: regression
    }
  }

  private static let multiClass: [Batch] = [
    (logits(rows: 24, classes: 4, .multiClass), .all), (logits(rows: 8, classes: 3, .multiClass), .all),
    (farLogits(.multiClass), .one),
  ]
  private static let binaryClass: [Batch] = [
    (logits(rows: 24, classes: 3, .binaryClass), .all), (logits(rows: 8, classes: 2, .binaryClass), .all),
    (farLogits(.binaryClass), .one),
  ]
  /// Predicted and target boxes of the regression probes.
  static let boxPairs = pairs(count: 48) + ladder(count: 32)
  private static let regression: [Batch] = [(areas(of: boxPairs), .all)]

  /// Rows of normal logits; the IoUs of every second row from 0.2 to 1, of the others from 0.005 to 0.2.
  private static func logits(rows: Int, classes: Int, _ mode: Mode) -> LossInputs<Double> {
    var generator = SeededGenerator(seed: 1, stream: "fingerprint \(mode.rawValue)", index: UInt64(classes))
    let drawn = (0..<rows).map { row in
      let spread = [0.5, 2, 5][row % 3]
      let iou = row / classes % 2 == 0 ? generator.uniform(0.2, 1) : 0.005 * pow(40, generator.uniform(0, 1))
      return Row(logits: (0..<classes).map { _ in generator.normal() * spread }, place: row, iou: iou)
    }
    return inputs(drawn, mode)
  }

  /// Rows with one logit far from 0, up to 30 on either side, at the positive entry and beside it.
  private static func farLogits(_ mode: Mode) -> LossInputs<Double> {
    var generator = SeededGenerator(seed: 1, stream: "fingerprint far \(mode.rawValue)")
    let far = [7.5, 11, 15, 18, 21, 24, 27, 30]
    let drawn = (0..<32).map { index in
      var logits = (0..<3).map { _ in generator.normal() }
      let size = far[index % far.count]
      logits[(index + index / 8) % 3] = index / 8 % 2 == 0 ? size : -size
      return Row(logits: logits, place: index, iou: generator.uniform(0.2, 1))
    }
    return inputs(drawn, mode)
  }

  /// One row: its logits, its number, from which the positive entry follows, and its IoU.
  private struct Row {
    let logits: [Double]
    let place: Int
    let iou: Double
  }

  private static func inputs(_ drawn: [Row], _ mode: Mode) -> LossInputs<Double> {
    let classes = drawn.first?.logits.count ?? 1
    var inputs = LossInputs<Double>(rows: drawn.count, classes: classes)
    var (label, z, q) = ([Double](), [Double](), [Double]())
    for row in drawn {
      let positive = row.place % classes
      // Every fourth row of the sigmoid modes is background: no positive entry.
      let isBackground = mode == .binaryClass && row.place % 4 == 3
      for column in 0..<classes {
        let isPositive = column == positive && !isBackground
        label.append(isPositive ? 1 : 0)
        z.append(positive == classes - 1 ? 1 : row.iou)
        q.append(isPositive ? row.iou : 0)
      }
    }
    inputs[.x] = drawn.flatMap(\.logits)
    switch mode {
    case .multiClass: (inputs[.y], inputs[.z]) = (label, z)
    case .binaryClass: (inputs[.q], inputs[.py], inputs[.ny]) = (q, label, label.map { 1 - $0 })
    case .regression: break
    }
    return inputs
  }

  /// Boxes that overlap, every sixth pair apart.
  static func pairs(count: Int, seed: UInt64 = 1) -> [BoxPair] {
    var generator = SeededGenerator(seed: seed, stream: "fingerprint REG")
    return (0..<count).map { index in
      let size = [12.0, 60, 250, 3, 0.7][index % 5]
      let target = [0, 0, size, size * generator.uniform(0.4, 2)]
      // Every sixth box lies apart.
      let shift = index % 6 == 5 ? 1.5 * size : generator.uniform(-0.4, 0.4) * size
      let predicted = [
        shift, generator.uniform(-0.3, 0.3) * target[3], shift + size * generator.uniform(0.6, 1.6),
        target[3] * generator.uniform(0.7, 1.5),
      ]
      return (predicted, target)
    }
  }

  /// Boxes whose IoU falls from 0.99 to 0.005 in equal ratios: in turn a larger one, a smaller one, and one of the same
  /// size beside; sides from 5 to 800 pixels.
  static func ladder(count: Int, seed: UInt64 = 1) -> [BoxPair] {
    var generator = SeededGenerator(seed: seed, stream: "fingerprint REG ladder")
    return (0..<count).map { index in
      let iou = 0.99 * pow(0.005 / 0.99, Double(index) / Double(max(count - 1, 1)))
      let (width, height) = (
        [30.0, 120, 800, 5][index % 4] * generator.uniform(0.8, 1.2), [40.0, 90, 500, 8][index % 4]
      )
      let offset = generator.uniform(0.2, 0.8)
      let target = [0, 0, width, height]
      switch index % 3 {
      case 0:
        let side = iou.squareRoot()
        let (w, h) = (width / side, height / side)
        return (
          [
            -offset * (w - width), (offset - 1) * (h - height), w - offset * (w - width),
            h + (offset - 1) * (h - height),
          ], target
        )
      case 1:
        let side = iou.squareRoot()
        let (x, y) = (offset * width * (1 - side), (1 - offset) * height * (1 - side))
        return ([x, y, x + width * side, y + height * side], target)
      default:
        // A share s of the target is covered, IoU = s / (2 - s); the shift is split between the axes.
        let covered = 2 * iou / (1 + iou)
        let (x, y) = (width * (1 - pow(covered, offset)), height * (1 - pow(covered, 1 - offset)))
        return ([x, -y, x + width, height - y], target)
      }
    }
  }

  private static func areas(of pairs: [BoxPair]) -> LossInputs<Double> {
    let overlaps = pairs.map { BoxOverlap<Double>($0.predicted, $0.target) }
    var inputs = LossInputs<Double>(rows: pairs.count)
    inputs[.u] = overlaps.map(\.union)
    inputs[.i] = overlaps.map(\.intersection)
    inputs[.e] = overlaps.map(\.enclosing)
    return inputs
  }

  /// Corners x1, y1, x2, y2 of both boxes.
  typealias BoxPair = (predicted: [Double], target: [Double])
}
