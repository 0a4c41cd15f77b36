import Formulas
import Randomness

/// The gradient of a formula on fixed probe inputs, rounded and hashed: formulas with equal gradients train alike.
///
/// Rounded to 8 digits of the largest entry of the row, entry or box pair (whichever the mode judges by itself), so that
/// other spellings of one loss, which differ in rounding, agree, and one huge entry does not hide the others; rows far
/// below the median, which may be rounding alone, to 14 digits of the median. A value without dependence on the
/// prediction has the gradient 0. Probes are drawn once with a fixed seed. Box losses are judged by the gradient at the
/// predicted corners, which is all that training sees of them: I and Relu(I) are one loss.
public struct GradientFingerprint: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Equal for equal gradients.
  public let exact: UInt64
  /// Equal for gradients that are equal up to a positive factor.
  public let family: UInt64

  /// Nil when the formula is not one of the mode.
  public init?(_ formula: Formula, mode: Mode) {
    guard let evaluator = try? ReferenceEvaluator(formula, mode: mode) else { return nil }
    var groups: [ArraySlice<Double>] = []
    for inputs in ProbeInputs.batches(of: mode) {
      guard let result = try? evaluator.evaluate(inputs) else { return nil }
      let count = inputs.rows * inputs.classes
      let gradients = mode.differentiableVariables.map {
        result.gradients[$0] ?? [Double](repeating: 0, count: count)
      }
      let entries = mode == .regression ? Self.atCorners(gradients) : gradients.flatMap(\.self)
      let width = Self.groupSize(mode, classes: inputs.classes)
      groups += stride(from: 0, to: entries.count, by: width).map { entries[$0..<min($0 + width, entries.count)] }
    }
    (family, exact) = Self.hashes(of: groups, mode: mode)
  }

  /// The hash of all groups relative to their median size, and that with the median.
  private static func hashes(of groups: [ArraySlice<Double>], mode: Mode) -> (family: UInt64, exact: UInt64) {
    let sizes = groups.map { $0.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 } }
    let positive = sizes.filter { $0 > 0 }.sorted()
    let median = positive.isEmpty ? 0 : positive[positive.count / 2]
    var hash = SeededGenerator.derive(seed: 0, stream: mode.rawValue)
    for (group, size) in zip(groups, sizes) {
      let scale = max(size, 1e-6 * median)
      for entry in group { hash = mix(hash, rounded(entry, scale: scale)) }
      hash = mix(hash, median > 0 ? significand(scale / median) : 0)
    }
    return (hash, mix(hash, significand(median)))
  }

  /// How many entries are judged beside one another: a row of classes, one sigmoid, or four corners.
  private static func groupSize(_ mode: Mode, classes: Int) -> Int {
    switch mode {
    case .multiClass: classes
    case .binaryClass: 1
    case .regression: 4
    }
  }

  /// The gradients with respect to U, I and E of the probe boxes, pulled back to their predicted corners.
  private static func atCorners(_ gradients: [[Double]]) -> [Double] {
    var corners: [Double] = []
    for (index, pair) in ProbeInputs.boxPairs.enumerated() {
      var corner = [0.0, 0, 0, 0]
      BoxOverlap(union: gradients[0][index], intersection: gradients[1][index], enclosing: gradients[2][index])
        .pullBack(pair.predicted, pair.target, to: &corner)
      corners += corner
    }
    return corners
  }

  /// The exact fingerprint in 16 hexadecimal digits.
  public var description: String { Self.hex(exact) }
  /// The family's fingerprint in 16 hexadecimal digits.
  public var familyDescription: String { Self.hex(family) }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// An entry in units of 1e-8 of the scale; words of their own for what is not finite.
  private static func rounded(_ entry: Double, scale: Double) -> UInt64 {
    if entry.isNaN { return 1 << 62 }
    if entry.isInfinite { return entry > 0 ? 1 << 62 | 1 : 1 << 62 | 2 }
    guard scale > 0 else { return 0 }
    return UInt64(bitPattern: Int64((entry / scale * 1e8).rounded()))
  }

  /// A positive number to 8 digits.
  private static func significand(_ scale: Double) -> UInt64 {
    guard scale > 0 else { return 0 }
    let digits = (scale.significand * 1e8).rounded()
    return UInt64(digits) ^ (UInt64(bitPattern: Int64(scale.exponent)) << 32)
  }

  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    SeededGenerator.derive(seed: hash ^ word, stream: "gradient")
  }
}

/// The inputs of fingerprints: labels, IoUs and boxes as the wrappers make them, logits of several sizes.
enum ProbeInputs {
  static func batches(of mode: Mode) -> [LossInputs<Double>] {
    switch mode {
    case .multiClass: multiClass
    case .binaryClass: binaryClass
    case .regression: regression
    }
  }

  private static let multiClass = [logits(rows: 24, classes: 4, .multiClass), logits(rows: 8, classes: 3, .multiClass)]
  private static let binaryClass = [
    logits(rows: 24, classes: 3, .binaryClass), logits(rows: 8, classes: 2, .binaryClass),
  ]
  /// Predicted and target boxes of the regression probes.
  static let boxPairs = pairs(count: 48)
  private static let regression = [areas(of: boxPairs)]

  private static func logits(rows: Int, classes: Int, _ mode: Mode) -> LossInputs<Double> {
    var generator = SeededGenerator(seed: 1, stream: "fingerprint \(mode.rawValue)", index: UInt64(classes))
    var inputs = LossInputs<Double>(rows: rows, classes: classes)
    var (x, label, z, q) = ([Double](), [Double](), [Double](), [Double]())
    for row in 0..<rows {
      let spread = [0.5, 2, 5][row % 3]
      let positive = row % classes
      let iou = generator.uniform(0.2, 1)
      // Every fourth row of the sigmoid modes is background: no positive entry.
      let isBackground = mode == .binaryClass && row % 4 == 3
      for column in 0..<classes {
        x.append(generator.normal() * spread)
        let isPositive = column == positive && !isBackground
        label.append(isPositive ? 1 : 0)
        z.append(positive == classes - 1 ? 1 : iou)
        q.append(isPositive ? iou : 0)
      }
    }
    inputs[.x] = x
    switch mode {
    case .multiClass: (inputs[.y], inputs[.z]) = (label, z)
    case .binaryClass: (inputs[.q], inputs[.py], inputs[.ny]) = (q, label, label.map { 1 - $0 })
    case .regression: break
    }
    return inputs
  }

  /// Boxes that overlap, every sixth pair apart.
  static func pairs(count: Int, seed: UInt64 = 1) -> [(predicted: [Double], target: [Double])] {
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

  private static func areas(of pairs: [(predicted: [Double], target: [Double])]) -> LossInputs<Double> {
    let overlaps = pairs.map { BoxOverlap<Double>($0.predicted, $0.target) }
    var inputs = LossInputs<Double>(rows: pairs.count)
    inputs[.u] = overlaps.map(\.union)
    inputs[.i] = overlaps.map(\.intersection)
    inputs[.e] = overlaps.map(\.enclosing)
    return inputs
  }
}
