import Formulas
import Foundation
import Losses
import Randomness
import Testing

/// Sums over the classes of a row lose little to rounding, and infinities and nan pass through them.
@Suite struct ClassSumTests {
  static let classes = [1, 2, 3, 8, 9, 21, 81, 300]
  /// Few rows and many, so that vectors are classes in some batches and rows in others.
  static let rows = [1, 16, 700]

  private static func values(
    _ text: String, _ set: InstructionSet, x: [Float], y: [Float]? = nil, rows: Int, classes: Int
  ) throws -> [Float] {
    var inputs = LossInputs<Float>(rows: rows, classes: classes)
    inputs[.x] = x
    if let y { inputs[.y] = y }
    return try Program(try Formula(parsing: text, mode: .multiClass), mode: .multiClass, instructionSet: set)
      .evaluate(inputs).value
  }

  /// Four classes are added plainly, the roundings of all other additions are put back: so the bound is that of four
  /// numbers at any number of classes.
  @Test(arguments: InstructionSet.available) func sumsAreNearlyExact(set: InstructionSet) throws {
    var random = SeededGenerator(seed: 11)
    for classes in Self.classes {
      for rows in Self.rows {
        let x = (0..<(rows * classes)).map { _ in
          Float.random(in: -1...1, using: &random) * exp2(Float.random(in: -12...12, using: &random).rounded())
        }
        let ones = [Float](repeating: 1, count: x.count)
        let sums = try Self.values("Dot(X,Y)", set, x: x, y: ones, rows: rows, classes: classes)
        for row in 0..<rows {
          let numbers = x[(row * classes)..<((row + 1) * classes)].map(Double.init)
          let (exact, size) = (numbers.reduce(0, +), numbers.reduce(0) { $0 + abs($1) })
          let limit = abs(exact) * 0x1p-24 + 3 * size * 0x1p-24
          #expect(
            abs(Double(sums[row]) - exact) <= limit,
            "seed 11, \(rows)×\(classes), row \(row), \(set): \(sums[row]) instead of \(exact)")
        }
      }
    }
  }

  /// What a row holds besides, where it holds it, and what the sum must be.
  static let special: [(first: Float, second: Float, sum: Float)] = [
    (.infinity, 1, .infinity), (-.infinity, 1, -.infinity), (.infinity, .infinity, .infinity),
    (.infinity, -.infinity, .nan), (.nan, 1, .nan), (.nan, .infinity, .nan),
    (.greatestFiniteMagnitude, .greatestFiniteMagnitude, .infinity),
    (-.greatestFiniteMagnitude, -.greatestFiniteMagnitude, -.infinity),
    (.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0), (0x1p-149, 0x1p-149, 0x1p-148), (0x1p30, 1, 0x1p30),
  ]

  @Test(arguments: InstructionSet.available) func infinitiesAndNanPass(set: InstructionSet) throws {
    for (first, second, sum) in Self.special {
      for classes in Self.classes where classes > 1 {
        for rows in Self.rows {
          for place in [0, classes / 2 - 1, classes - 2] where place >= 0 {
            var x = [Float](repeating: 0, count: rows * classes)
            for row in 0..<rows {
              x[row * classes + place] = first
              x[row * classes + place + 1] = second
            }
            let ones = [Float](repeating: 1, count: x.count)
            let sums = try Self.values("Dot(X,Y)", set, x: x, y: ones, rows: rows, classes: classes)
            #expect(
              sums.allSatisfy { $0 == sum || ($0.isNaN && sum.isNaN) },
              "\(first) + \(second) at \(place), \(rows)×\(classes), \(set): \(sums[0]) instead of \(sum)")
          }
        }
      }
    }
  }

  /// Softmax keeps its digits wherever the logits lie, and however far below the largest.
  @Test(arguments: InstructionSet.available) func softmaxIsExactAtAnyOffset(set: InstructionSet) throws {
    var random = SeededGenerator(seed: 12)
    for offset: Float in [0, 3, -7, 60, -90, 126, 500, -1000, 1024, -1024, 4096, -5e4, 1e6, -3e7, 1e30, -1e30] {
      for spread: Float in [1e-3, 1, 20, 80] {
        for classes in [2, 5, 21, 81, 300] {
          for rows in [1, 700 / classes + 1] {
            let x = (0..<(rows * classes)).map { _ in offset + spread * Float.random(in: -0.5...0.5, using: &random) }
            let actual = try Self.values("Softmax(X)", set, x: x, rows: rows, classes: classes)
            let exact = try Self.softmax(x, rows: rows, classes: classes)
            let worst = zip(actual, exact).map { abs(Double($0) - $1) / Double(Float($1).ulp) }.max() ?? 0
            #expect(worst <= 4, "seed 12, \(rows)×\(classes) from \(offset), spread \(spread), \(set): \(worst) units")
          }
        }
      }
    }
  }

  private static func softmax(_ x: [Float], rows: Int, classes: Int) throws -> [Double] {
    var inputs = LossInputs<Double>(rows: rows, classes: classes)
    inputs[.x] = x.map(Double.init)
    return try ReferenceEvaluator(try Formula(parsing: "Softmax(X)", mode: .multiClass), mode: .multiClass)
      .value(inputs)
  }

  /// Rows with infinities: as the definition e^(x − top) / Σ e^(x − top) has them.
  @Test(arguments: InstructionSet.available) func softmaxOfInfinities(set: InstructionSet) throws {
    let inf = Float.infinity
    let table: [(x: [Float], result: [Float])] = [
      ([0, -inf, 0], [0.5, 0, 0.5]), ([-inf, -inf, 3], [0, 0, 1]), ([-inf, -inf, -inf], [.nan, .nan, .nan]),
      ([inf, 0, 1], [.nan, .nan, .nan]), ([.nan, 0, 1], [.nan, .nan, .nan]), ([1e30, -1e30, 0], [1, 0, 0]),
      ([3e38, -3e38, 3e38], [0.5, 0, 0.5]), ([-3e38, -3e38, -inf], [0.5, 0.5, 0]), ([0, -200, -104], [1, 0, 0]),
    ]
    let below = stride(from: Float(-1500), through: 1500, by: 7.3).map {
      (x: [$0, -inf, $0 - 105.5], result: [Float(1), 0, 0])
    }
    for (x, result) in table + below {
      for rows in [1, 40, 200] {
        let actual = try Self.values(
          "Softmax(X)", set, x: (0..<rows).flatMap { _ in x }, rows: rows, classes: x.count)
        for (k, number) in actual.enumerated() {
          let wanted = result[k % x.count]
          #expect(number == wanted || (number.isNaN && wanted.isNaN), "\(x), \(rows) rows, \(set): \(actual.prefix(3))")
        }
      }
    }
  }
}
