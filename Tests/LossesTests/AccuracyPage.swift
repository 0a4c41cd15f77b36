import Foundation

/// docs/accuracy.md: written from measurements, and read back.
struct AccuracyPage {
  private let rows: [(row: AccuracySweep.Row, limits: [Double])]

  /// The page for measured errors, rounded up: to tenths, or two digits where they are large.
  init(_ measured: [AccuracySweep.Row]) {
    rows = measured.map { row in
      var limits = row.errors.map { Self.roundedUp($0.error.units) }
      while limits.count < 3 { limits.append(limits.last ?? 0) }
      return (row, limits)
    }
  }

  /// The page with given numbers.
  init(documented: [[Double]], of measured: [AccuracySweep.Row]) {
    rows = Array(zip(measured, documented))
  }

  /// The three numbers of each row of the page's table.
  static func numbers(in text: String) -> [[Double]] {
    text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return cells.dropFirst(3).prefix(3).map { Double($0) ?? .nan }
    }
  }

  var text: String {
    let table = rows.map { row, limits in
      let cells = limits.map(Self.number) + [Self.number(row.pytorch)]
      return "| `\(row.title)` | \(row.domain) | \(row.unit) | \(cells.joined(separator: " | ")) |"
    }
    return ([Self.head] + table).joined(separator: "\n") + "\n\n" + Self.foot
  }

  private static func roundedUp(_ units: Double) -> Double {
    let digit = units < 100 ? 0.1 : pow(10, floor(log10(units)) - 1)
    return (units / digit + 0.05).rounded(.up) * digit
  }

  private static func number(_ value: Double) -> String {
    value >= 1000 ? String(format: "%.1e", value) : String(format: "%g", (value * 100).rounded() / 100)
  }

  private static let head = """
    # How exact the elementary functions are

    Formulas are evaluated in Float by kernels of our own (`Sources/CKernels/formula_elementary.h`), compiled for three
    instruction sets. The table gives the largest error of each function, and of its slope, the factor that the backward
    pass multiplies with (written with a prime), in units in the last place: of the exact result, or of the number in the
    column "unit of" where the result is smaller than that. Subnormal results count with the unit 2^-149.

    The table is written by a test, which fails where an error is larger than it says
    (`AUTOLOSS_WRITE_DOCS=1 swift test -c release --filter AccuracyTests`). It tries every 1,499th Float, 2.9 million
    arguments of each function. The last column is PyTorch 2.15's error on a Zen 4 processor for the original tool's
    definitions, with autograd for the slopes (`scripts/measure_pytorch_accuracy.py 1499`).

    | function | arguments | unit of | baseline | AVX2 | AVX-512 | PyTorch |
    |---|---|---|---|---|---|---|
    """

  private static let foot = """
    What the rows leave out, and why:

    - Values are within two units, or PyTorch's own error where that is larger; the test demands it of every row. Slopes
      have no such bound: those of `Softplus`, `Salf` and `Sgdf` are beyond two units, PyTorch's of the last two more so but
      for `Sgdf` between -4 and 4.
    - `Log` adds 1e-20 in Float, as PyTorch does. For arguments between -1e-20 and 0, which the sum cancels, and below, where
      the result is not a number, there is no exact result to compare with.
    - `Serf`, `Salf` and `Sgdf` are (1 + a curve from -1 to 1) / 2. In the left tail the sum cancels, in PyTorch and here; so
      the error is given in units of 1/2 there. A result that kept its digits would be another number than the original
      tool's: Sgdf(-50) is exactly 0 in both, and a loss that takes its logarithm sees 1e-20 in both.
    - `Salf` squares its argument: beyond 3.7e19 the square overflows and the result is 1/2, in PyTorch too.
    - `Sig` is exactly 0 below -88.73, where e^-x overflows, in PyTorch too.
    - The slopes of `Sig` and `Tanh` are r(1 - r) and 1 - r^2 of the result r, as autograd has them, and that of `Sgdf` is
      (1 - t^2) / (1 + t^2) / 4: they are exact beside the largest slope, not beside their own tails.
    - The slope of `Sqrt` is infinite at 0; that of `Exp` is 0 from 88 on, where the argument is clamped.
    - `Softmax` subtracts the row's largest logit. The difference d in Float alone is good to half a unit, and the error of
      e^d grows with |d|: that is most of PyTorch's error. Here d is not rounded before its exponential. Sums over the classes
      of a row, of `Dot` too, go by fours of classes; what adding the fours up loses to rounding is put back at the end.
    - Division, Abs, Relu, Add, Sub, Mul and Neg are single operations of IEEE 754.

    """
}
