import Foundation
import Formulas
import Losses
import Randomness

/// Rows of logits that descend together on the sum of their losses.
///
/// N rows, C classes; in MULTI_CLS the last class is the background. Labels go round through all classes; in BINARY_CLS every
/// second row has a positive and the others are background, and Q is 1 at positives, so that 1 is the probability aimed at.
final class LogitDescent {
  private let mode: Mode
  private let rows: Int
  private let classes: Int
  private let settings: SimulationSettings
  private let labels: [Int?]
  private let logits: FloatBuffer
  private let gradient: FloatBuffer
  private let value: FloatBuffer
  private let others: [FloatBuffer]
  private let inputs: InputPointers

  init(mode: Mode, classes: Int, _ settings: SimulationSettings) {
    self.mode = mode
    self.classes = classes
    self.settings = settings
    rows = settings.rows
    var random = SeededGenerator(seed: settings.seed, stream: "logits", index: UInt64(classes))
    let count = rows * classes
    logits = FloatBuffer((0..<count).map { _ in Float(settings.logitDeviation * random.normal()) })
    gradient = FloatBuffer(count: count)
    value = FloatBuffer(count: count)
    let labels: [Int?] = (0..<settings.rows).map { row in
      mode == .multiClass ? row % classes : (row % 2 == 0 ? row / 2 % classes : nil)
    }
    self.labels = labels
    let oneHot = FloatBuffer(count: count)
    let negative = FloatBuffer(count: count, repeating: 1)
    let overlap = FloatBuffer(count: count, repeating: 1)
    for (row, label) in labels.enumerated() {
      guard let label else { continue }
      oneHot[row * classes + label] = 1
      negative[row * classes + label] = 0
      guard label < classes - 1 else { continue }
      let drawn = Float(random.uniform(0.3, 1))
      for column in 0..<classes { overlap[row * classes + column] = drawn }
    }
    others = [oneHot, negative, overlap]
    let (x, y, n, z) = (
      UnsafePointer(logits.start), UnsafePointer(oneHot.start), UnsafePointer(negative.start),
      UnsafePointer(overlap.start)
    )
    inputs = InputPointers(x: x, y: y, z: z, q: y, py: y, ny: n)
  }

  /// Descends until the truth is as probable as required; the step at which a number stopped being finite before that, or nil
  /// when none did.
  func run(_ program: Program) -> Int? {
    let count = rows * classes
    for step in 0..<settings.steps where meanProbability < settings.requiredProbability {
      program.evaluate(
        inputs: inputs, rows: rows, classes: classes, value: value.start,
        gradients: GradientPointers(x: gradient.start))
      let scale = (gradient.squares / Double(rows)).squareRoot()
      guard scale.isFinite else { return step }
      guard scale > 0 else { return nil }
      let rate = Float(settings.logitStep / scale)
      for entry in 0..<count { logits[entry] -= rate * gradient[entry] }
      guard logits.isFinite else { return step }
    }
    return nil
  }

  /// The mean probability of the truth, in [0, 1]: by softmax over the row, or by the logistic function for each element,
  /// where the lesser of the means over positives and over negatives counts.
  var meanProbability: Double {
    switch mode {
    case .multiClass, .regression: meanSoftmax
    case .binaryClass: min(meanLogistic(of: true), meanLogistic(of: false))
    }
  }

  private var meanSoftmax: Double {
    var sum = 0.0
    for (row, label) in labels.enumerated() {
      guard let label else { continue }
      let entries = (0..<classes).map { Double(logits[row * classes + $0]) }
      let top = entries.max() ?? 0
      sum += exp(entries[label] - top) / entries.reduce(0) { $0 + exp($1 - top) }
    }
    return sum / Double(max(rows, 1))
  }

  private func meanLogistic(of positive: Bool) -> Double {
    var sum = 0.0
    var count = 0
    for (row, label) in labels.enumerated() {
      for column in 0..<classes where (column == label) == positive {
        let logit = Double(logits[row * classes + column])
        sum += 1 / (1 + exp(positive ? -logit : logit))
        count += 1
      }
    }
    return sum / Double(max(count, 1))
  }
}
