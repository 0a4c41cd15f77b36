import Formulas
import Foundation
import Randomness

/// One row of inputs, or one pair of boxes, on which formulas are compared; the simple ones are easy to check by hand.
struct EqualityProbe {
  let inputs: LossInputs<Double>
  /// For REG: the boxes behind the areas.
  let boxes: ProbeInputs.BoxPair?
  let isSimple: Bool

  /// Simple inputs first, then those of the fingerprint, random ones of a fixed seed, and sweeps: IoUs from 0.005 to 1,
  /// logits from -30 to 30, beyond which eps in Log and Div is more than rounding.
  static func all(of mode: Mode) -> [EqualityProbe] {
    switch mode {
    case .multiClass:
      simpleRows(.multiClass) + fingerprintRows(.multiClass) + randomRows(.multiClass) + sweep(.multiClass)
    case .binaryClass:
      simpleRows(.binaryClass) + fingerprintRows(.binaryClass) + randomRows(.binaryClass) + sweep(.binaryClass)
    case .regression:
      simplePairs.map { EqualityProbe($0, isSimple: true) }
        + (ProbeInputs.boxPairs + ProbeInputs.pairs(count: 48, seed: 2) + ProbeInputs.ladder(count: 120, seed: 2))
        .map { EqualityProbe($0, isSimple: false) }
    }
  }

  /// The gradient of a result at this probe: of the logits, or of the four predicted corners.
  func gradient(of result: LossResult<Double>, mode: Mode) -> [Double] {
    guard let boxes else {
      return result.gradients[.x] ?? [Double](repeating: 0, count: inputs.rows * inputs.classes)
    }
    let areas = areaGradients(of: result)
    var corners = [0.0, 0, 0, 0]
    BoxOverlap(union: areas[0], intersection: areas[1], enclosing: areas[2])
      .pullBack(boxes.predicted, boxes.target, to: &corners)
    return corners
  }

  /// What rounding on the way from U, I and E to the corners can do, where large parts cancel: of a box inside another,
  /// U has no gradient.
  func pullBackNoise(of result: LossResult<Double>) -> Double {
    guard let boxes else { return 0 }
    let coordinates = boxes.predicted + boxes.target
    let side = (coordinates.max() ?? 0) - (coordinates.min() ?? 0)
    return 1e-15 * side * areaGradients(of: result).reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
  }

  private func areaGradients(of result: LossResult<Double>) -> [Double] {
    [Variable.u, .i, .e].map { result.gradients[$0]?.first ?? 0 }
  }

  private init(_ pair: ProbeInputs.BoxPair, isSimple: Bool) {
    let overlap = BoxOverlap<Double>(pair.predicted, pair.target)
    var inputs = LossInputs<Double>(rows: 1)
    (inputs[.u], inputs[.i], inputs[.e]) = ([overlap.union], [overlap.intersection], [overlap.enclosing])
    (self.inputs, boxes, self.isSimple) = (inputs, pair, isSimple)
  }

  /// A row from its logits, the place of its positive entry (nil for none) and its IoU.
  private init(_ mode: Mode, logits: [Double], positive: Int?, iou: Double, isSimple: Bool) {
    let classes = logits.count
    var inputs = LossInputs<Double>(rows: 1, classes: classes)
    let label = (0..<classes).map { $0 == positive ? 1.0 : 0 }
    inputs[.x] = logits
    switch mode {
    case .multiClass:
      inputs[.y] = label
      // Of the background, the last class, there is no IoU.
      inputs[.z] = [Double](repeating: positive == classes - 1 ? 1 : iou, count: classes)
    case .binaryClass:
      (inputs[.py], inputs[.ny], inputs[.q]) = (label, label.map { 1 - $0 }, label.map { $0 * iou })
    case .regression: break
    }
    (self.inputs, boxes, self.isSimple) = (inputs, nil, isSimple)
  }

  /// A box of 10 pixels and one that lies half in it, is larger, smaller, shifted, or apart.
  private static let simplePairs: [ProbeInputs.BoxPair] = [
    [5, 0, 15, 10], [0, 0, 20, 10], [0, 0, 5, 10], [1, 2, 10, 12], [2, 2, 6, 6], [0, 0, 30, 30], [20, 0, 30, 10],
  ].map { (predicted: $0, target: [0, 0, 10, 10]) }

  private static func simpleRows(_ mode: Mode) -> [EqualityProbe] {
    let logits: [[Double]] =
      mode == .multiClass
      ? [
        [0, 0], [1, 0], [0, 1], [2, 0], [0, 2], [-1, 1], [3, 0], [1, 2], [0, 1, 2], [2, 1, 0], [5, 0], [0, 5],
      ]
      : [[0], [1], [-1], [2], [-2], [3], [-3], [5], [-5], [0, 1], [2, -1], [10], [-10]]
    return logits.flatMap { row in
      [(0, 1.0), (nil, 1), (0, 0.5)].map { positive, iou in
        let label = mode == .multiClass ? positive ?? row.count - 1 : positive
        return EqualityProbe(mode, logits: row, positive: label, iou: iou, isSimple: true)
      }
    }
  }

  private static func fingerprintRows(_ mode: Mode) -> [EqualityProbe] {
    ProbeInputs.batches(of: mode).map(\.inputs).flatMap { batch in
      (0..<batch.rows).map { row in
        var inputs = LossInputs<Double>(rows: 1, classes: batch.classes)
        for variable in mode.variables {
          inputs[variable] = batch[variable].map { Array($0[(row * batch.classes)..<((row + 1) * batch.classes)]) }
        }
        return EqualityProbe(inputs: inputs)
      }
    }
  }

  private init(inputs: LossInputs<Double>) { (self.inputs, boxes, isSimple) = (inputs, nil, false) }

  private static func randomRows(_ mode: Mode) -> [EqualityProbe] {
    var generator = SeededGenerator(seed: 2, stream: "equality \(mode.rawValue)")
    return (0..<64).map { row in
      let classes = [2, 3, 6][row % 3]
      let spread = [0.3, 1, 3, 8][row % 4]
      let logits = (0..<classes).map { _ in generator.normal() * spread }
      let isBackground = mode == .binaryClass && row % 5 == 4
      return EqualityProbe(
        mode, logits: logits, positive: isBackground ? nil : generator.index(below: classes),
        iou: generator.uniform(0.1, 1), isSimple: false)
    }
  }

  /// One logit from -30 to 30 beside others near 0, in the positive entry and outside it; IoUs from 0.005 to 1.
  private static func sweep(_ mode: Mode) -> [EqualityProbe] {
    (0..<120).map { step in
      let logit = 0.5 * Double(step - 60) + (step < 60 ? 0 : 0.5)
      let iou = 0.005 * pow(200, Double(step * 7 % 120) / 119)
      return EqualityProbe(
        mode, logits: [logit, 0.25, -0.5], positive: step % 3 == 2 ? 1 : 0, iou: iou, isSimple: false)
    }
  }
}
