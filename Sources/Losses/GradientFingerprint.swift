import Formulas
import Randomness

/// The gradient of a formula on fixed probe inputs, rounded and hashed: formulas with equal gradients train alike.
///
/// Rounded to 8 digits of the largest entry of the row, entry or box pair (whichever the mode judges by itself), so that
/// other spellings of one loss, which differ in rounding, agree, and one huge entry does not hide the others; rows far
/// below the median, which may be rounding alone, to 14 digits of the median. A value without dependence on the
/// prediction has the gradient 0. Probes are drawn once with a fixed seed and cover IoUs from 0.005 to 1 and logits up to
/// 30 from 0. Far from 0 a sigmoid leaves few digits of 1 - Sig(X): there one digit counts. Where Float leaves none, or a
/// value is not finite, a formula is another loss than one that is sound there: detectors train in Float. Box losses are judged by the
/// gradient at the predicted corners, which is all that training sees of them: I and Relu(I) are one loss.
public struct GradientFingerprint: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Equal for equal gradients.
  public let exact: UInt64
  /// Equal for gradients that are equal up to a positive factor.
  public let family: UInt64

  /// Nil when the formula is not one of the mode.
  public init?(_ formula: Formula, mode: Mode) {
    guard let evaluator = try? ReferenceEvaluator(formula, mode: mode),
      let program = try? Program(formula, mode: mode, instructionSet: .baseline)
    else { return nil }
    var groups: [Group] = []
    var values = SeededGenerator.derive(seed: 0, stream: mode.rawValue)
    for batch in ProbeInputs.batches(of: mode) {
      guard let result = try? evaluator.evaluate(batch.inputs),
        let float = try? program.evaluate(batch.inputs.converted(to: Float.self))
      else { return nil }
      for (place, value) in result.value.enumerated() where !value.isFinite {
        values = Self.mix(values, UInt64(4 * place + (value.isNaN ? 1 : 2)))
      }
      for (place, value) in result.value.enumerated() where value.isFinite && !float.value[place].isFinite {
        values = Self.mix(values, UInt64(4 * place + 3))
      }
      let entries = Self.entries(of: result, batch.inputs, mode)
      let inFloat = Self.entries(of: float.converted(), batch.inputs, mode)
      let width = Self.groupSize(mode, classes: batch.inputs.classes)
      groups += stride(from: 0, to: entries.count, by: width).map {
        let places = $0..<min($0 + width, entries.count)
        return Group(entries: entries[places], inFloat: inFloat[places], digits: batch.digits)
      }
    }
    let hashes = Self.hashes(of: groups, mode: mode)
    (family, exact) = (Self.mix(hashes.family, values), Self.mix(hashes.exact, values))
  }

  /// The gradients with respect to the logits, or to the predicted corners.
  private static func entries(of result: LossResult<Double>, _ inputs: LossInputs<Double>, _ mode: Mode) -> [Double] {
    let gradients = mode.differentiableVariables.map {
      result.gradients[$0] ?? [Double](repeating: 0, count: inputs.rows * inputs.classes)
    }
    return mode == .regression ? atCorners(gradients) : gradients.flatMap(\.self)
  }

  /// Entries that are judged beside one another.
  private struct Group {
    let entries: ArraySlice<Double>
    let inFloat: ArraySlice<Double>
    let digits: ProbeInputs.Digits

    /// Whether Float leaves nothing of a gradient of at least this size.
    func isLostInFloat(from least: Double) -> Bool {
      let size = size
      guard size > least, entries.allSatisfy(\.isFinite) else { return false }
      return !zip(entries, inFloat).allSatisfy { abs($0 - $1) <= 0.5 * size }
    }

    /// The largest finite entry.
    var size: Double { entries.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 } }
  }

  /// The hash of all groups relative to their median size, and that with the median.
  private static func hashes(of groups: [Group], mode: Mode) -> (family: UInt64, exact: UInt64) {
    let sizes = groups.map(\.size)
    let median = median(of: groups)
    var hash = SeededGenerator.derive(seed: 0, stream: mode.rawValue)
    for (group, size) in zip(groups, sizes) {
      if group.isLostInFloat(from: 0.01 * median) { hash = mix(hash, 3) }
      switch group.digits {
      case .all:
        let scale = max(size, 1e-4 * median)
        for entry in group.entries { hash = mix(hash, rounded(entry, unit: 1e-8 * scale)) }
        hash = mix(hash, median > 0 ? significand(scale / median) : 0)
      case .one:
        let scale = max(size, 0.01 * median)
        for entry in group.entries { hash = mix(hash, rounded(entry, unit: 0.1 * scale, shift: 0.137)) }
        hash = mix(hash, median > 0 ? octaves(scale / median) : 0)
      }
    }
    return (hash, mix(hash, significand(median)))
  }

  /// The median size of the groups that are not 0; those that keep all digits decide, unless they are all 0.
  private static func median(of groups: [Group]) -> Double {
    let near = groups.filter { $0.digits == .all && $0.size > 0 }
    let sizes = (near.isEmpty ? groups : near).map(\.size).filter { $0 > 0 }.sorted()
    return sizes.isEmpty ? 0 : sizes[sizes.count / 2]
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

  /// An entry in units; words of their own for what is not finite.
  private static func rounded(_ entry: Double, unit: Double, shift: Double = 0) -> UInt64 {
    if entry.isNaN { return 1 << 62 }
    if entry.isInfinite { return entry > 0 ? 1 << 62 | 1 : 1 << 62 | 2 }
    guard unit > 0 else { return 0 }
    return UInt64(bitPattern: Int64((entry / unit + shift).rounded()))
  }

  /// A positive number to a quarter of a factor of two; no power of ten or two lies at an edge.
  private static func octaves(_ scale: Double) -> UInt64 {
    guard scale.isFinite else { return 1 << 62 }
    return UInt64(bitPattern: Int64((4 * (Double(scale.exponent) + scale.significand) + 0.137).rounded()))
  }

  /// A positive number to 8 digits.
  private static func significand(_ scale: Double) -> UInt64 {
    guard scale > 0, scale.isFinite else { return scale > 0 ? 1 << 62 : 0 }
    // Rounded twice, so that what lies next to a power of two on either side is one number.
    let digits = (scale.significand * 1e8).rounded() * 1e-8
    let (significand, exponent) = (digits.significand, scale.exponent + digits.exponent)
    return UInt64((significand * 1e8).rounded()) ^ (UInt64(bitPattern: Int64(exponent)) << 32)
  }

  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    SeededGenerator.derive(seed: hash ^ word, stream: "gradient")
  }
}
