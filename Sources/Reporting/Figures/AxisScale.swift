import Foundation

/// Where the numbers of an axis lie between its two ends, and which of them get a mark.
///
/// Marks are multiples of 1, 2 or 5 times a power of ten (Heckbert, "Nice Numbers for Graph Labels", 1990), or powers of
/// ten on a logarithmic axis.
struct AxisScale {
  let range: ClosedRange<Double>
  let scale: Figure.Axis.Scale
  let ticks: [Double]

  /// The largest magnitude that is drawn; beyond it differences lose all digits.
  private static let limit = 1e300

  /// Of an axis and the numbers shown on it; numbers that have no place on it are passed over.
  init(_ axis: Figure.Axis, numbers: [Double]) {
    scale = axis.scale
    let fitting = numbers.filter { Self.hasPlace($0, axis.scale) }
    let given = axis.range.flatMap { Self.hasPlace($0.lowerBound, axis.scale) && $0.upperBound.isFinite ? $0 : nil }
    let whole = given ?? (fitting.min() ?? 0)...(fitting.max() ?? 1)
    let low = max(min(whole.lowerBound, Self.limit), -Self.limit)
    let high = max(min(whole.upperBound, Self.limit), -Self.limit)
    switch axis.scale {
    case .linear:
      range = Self.widened(low, high)
      ticks = Self.linearTicks(range)
    case .logarithmic:
      let least = low > 0 ? low : 1
      range = high > least * 1.0001 ? least...high : (least / 2)...(least * 2)
      ticks = Self.powersOfTen(range)
    }
  }

  /// The place of a number, 0 at the lower and 1 at the upper end; outside of 0 ... 1 beyond them, nil where it has none.
  func position(_ number: Double) -> Double? {
    guard Self.hasPlace(number, scale) else { return nil }
    switch scale {
    case .linear:
      // Halves, so that the width of the widest range is no infinity.
      return (number / 2 - range.lowerBound / 2) / (range.upperBound / 2 - range.lowerBound / 2)
    case .logarithmic: return log(number / range.lowerBound) / log(range.upperBound / range.lowerBound)
    }
  }

  /// A mark's text, without needless digits.
  static func text(_ number: Double) -> String {
    if number == 0 { return "0" }
    let text = String(format: abs(number) >= 1e5 || abs(number) < 1e-3 ? "%.2e" : "%.4g", number)
    // 2.00e+06 → 2e6
    guard let exponent = text.firstIndex(of: "e") else { return text.replacingOccurrences(of: "-", with: "−") }
    var digits = String(text[..<exponent])
    if digits.contains(".") {
      while digits.hasSuffix("0") { digits.removeLast() }
      if digits.hasSuffix(".") { digits.removeLast() }
    }
    let power = Int(text[text.index(after: exponent)...]) ?? 0
    return (digits + "e\(power)").replacingOccurrences(of: "-", with: "−")
  }

  private static func hasPlace(_ number: Double, _ scale: Figure.Axis.Scale) -> Bool {
    switch scale {
    case .linear: number.isFinite
    case .logarithmic: number.isFinite && number > 0
    }
  }

  /// A range with a width: a single number gets room on both sides.
  private static func widened(_ low: Double, _ high: Double) -> ClosedRange<Double> {
    let size = max(abs(low), abs(high))
    guard high / 2 - low / 2 > size * 1e-9 else {
      let room = size > 0 ? size * 0.5 : 1
      return (low - room)...(low + room)
    }
    return low...high
  }

  private static func linearTicks(_ range: ClosedRange<Double>) -> [Double] {
    let rough = (range.upperBound / 5 - range.lowerBound / 5)
    let power = pow(10, floor(log10(rough)))
    guard power > 0, power.isFinite else { return [range.lowerBound, range.upperBound] }
    let step = ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10) * power
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 50 else { return [range.lowerBound, range.upperBound] }
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  private static func powersOfTen(_ range: ClosedRange<Double>) -> [Double] {
    let first = Int(log10(range.lowerBound).rounded(.up)), last = Int(log10(range.upperBound).rounded(.down))
    guard last > first else { return [range.lowerBound, range.upperBound] }
    let step = (last - first) / 8 + 1
    return stride(from: first, through: last, by: step).map { pow(10, Double($0)) }
  }
}
