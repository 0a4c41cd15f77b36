import Foundation
import Formulas
import Losses
import Randomness

/// Rows of logits that descend together on the sum of their losses.
///
/// N rows, C classes; in MULTI_CLS the last class is the background. Labels go round through all classes; in BINARY_CLS every
/// second row has a positive and the others are background, and Q is 1 at positives, so that 1 is the probability aimed at.
final class LogitDescent: Descent {
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

  var stepLimit: Int { settings.steps }
  var samples: String { "\(rows) rows of \(classes) logits" }
  var measure: DescentMeasure { mode == .binaryClass ? .lesserProbability : .trueClassProbability }
  var required: Double? { settings.requiredProbability }

  func evaluate(_ program: Program) {
    program.evaluate(
      inputs: inputs, rows: rows, classes: classes, value: value.start, gradients: GradientPointers(x: gradient.start))
  }

  /// Descends until the truth is as probable as required.
  func run(_ program: Program, observe: (Int) -> Void = { _ in }) -> DescentEnding {
    let count = rows * classes
    for step in 0..<settings.steps {
      guard level < settings.requiredProbability else { return .targetReached(step: step) }
      observe(step)
      evaluate(program)
      let scale = (gradient.squares / Double(rows)).squareRoot()
      guard scale.isFinite else { return .notFinite(step: step) }
      guard scale > 0 else { return .noGradient(step: step) }
      let rate = Float(settings.logitStep / scale)
      for entry in 0..<count { logits[entry] -= rate * gradient[entry] }
      guard logits.isFinite else { return .notFinite(step: step) }
    }
    return level < settings.requiredProbability
      ? .stepsUsedUp(step: settings.steps) : .targetReached(step: settings.steps)
  }

  /// The mean probability of the truth, in [0, 1]: by softmax over the row, or by the logistic function for each element,
  /// where the lesser of the means over positives and over negatives counts.
  var level: Double {
    switch mode {
    case .multiClass, .regression: meanSoftmax
    case .binaryClass: min(meanLogistic(of: true), meanLogistic(of: false))
    }
  }

  /// Foreground and background rows, or positive and negative elements.
  var groups: [DescentGroup] {
    let background = classes - 1
    let found: [DescentGroup] =
      switch mode {
      case .multiClass, .regression:
        [
          DescentGroup(name: "foreground", levels: softmaxes { $0 != background }),
          DescentGroup(name: "background", levels: softmaxes { $0 == background }),
        ]
      case .binaryClass:
        [
          DescentGroup(name: "positives", levels: logistics(of: true)),
          DescentGroup(name: "negatives", levels: logistics(of: false)),
        ]
      }
    return found.filter { !$0.levels.isEmpty }
  }

  var squaredGradients: [Double] {
    (0..<rows).map { row in
      (0..<classes).reduce(0) { $0 + Double(gradient[row * classes + $1]) * Double(gradient[row * classes + $1]) }
    }
  }

  var meanLoss: Double { (0..<value.count).reduce(0) { $0 + Double(value[$1]) } / Double(max(rows, 1)) }

  private var meanSoftmax: Double { softmaxes { _ in true }.reduce(0, +) / Double(max(rows, 1)) }

  private func meanLogistic(of positive: Bool) -> Double {
    var (sum, count) = (0.0, 0)
    forEachElement(of: positive) { probability in
      sum += probability
      count += 1
    }
    return sum / Double(max(count, 1))
  }

  /// The probability of the true class in the rows with such a label.
  private func softmaxes(where holds: (Int) -> Bool) -> [Double] {
    labels.enumerated().compactMap { row, label in
      guard let label, holds(label) else { return nil }
      var top = -Double.infinity
      for column in 0..<classes { top = max(top, Double(logits[row * classes + column])) }
      var sum = 0.0
      for column in 0..<classes { sum += exp(Double(logits[row * classes + column]) - top) }
      return exp(Double(logits[row * classes + label]) - top) / sum
    }
  }

  private func logistics(of positive: Bool) -> [Double] {
    var found: [Double] = []
    forEachElement(of: positive) { found.append($0) }
    return found
  }

  /// Hands over the probability of the truth at every positive, or at every negative.
  private func forEachElement(of positive: Bool, _ body: (Double) -> Void) {
    for (row, label) in labels.enumerated() {
      for column in 0..<classes where (column == label) == positive {
        let logit = Double(logits[row * classes + column])
        body(1 / (1 + exp(positive ? -logit : logit)))
      }
    }
  }
}
