import Losses

/// The surrogate of BF1: the F1 score of soft boundaries, mean over the classes whose labels have boundaries.
///
/// With p the softmax and m its least in 3 × 3 windows, the soft boundary of a class is e = f3(p) + f4(m) − f3(p) f4(m) −
/// f1(p) f2(m). Precision is the share of e that lies within the tolerance of a label's boundary, recall the mean over the
/// label's boundary of the largest e within the tolerance; only these largest are looked for. An ignored pixel is of no
/// class and makes boundaries beside it, as in the original.
final class BoundaryLoss: SegmentationLoss {
  private let dropsBackground: Bool
  private let curves: CurveKernels
  private let probabilities: ClassProbabilities
  private let classSums = WorkingMemory<ClassSums>()
  private let labels: BoundaryLabels
  private let edges: SoftBoundaries

  /// What is summed over all images for one class.
  struct ClassSums: BitwiseCopyable {
    /// Soft boundary near a label's boundary, all of it, and the largest near each boundary pixel of the labels.
    var near = 0.0
    var all = 0.0
    var found = 0.0
    /// Boundary pixels of the labels.
    var wanted = 0
  }

  init(_ parameters: SurrogateParameters, instructions: InstructionSet) {
    dropsBackground = parameters.dropsBackground
    probabilities = ClassProbabilities(instructions: instructions)
    curves = CurveKernels(parameters.surrogateCurves)
    labels = BoundaryLabels(tolerance: parameters.tolerance)
    edges = SoftBoundaries(tolerance: parameters.tolerance, level: instructions.rawValue)
  }

  func evaluate(
    logits: UnsafePointer<Float>, labels map: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float {
    let classes = (dropsBackground ? 1 : 0)..<shape.classes
    let sums = classSums.reserve(shape.classes)
    sums.update(repeating: ClassSums(), count: shape.classes)
    labels.read(map, shape, classes: classes)
    for label in classes { sums[label].wanted = labels.count(of: label) }
    let p = probabilities.evaluate(logits, shape)
    edges.prepare(shape, keepsSlopes: gradient != nil)
    for image in 0..<shape.images {
      for label in classes where sums[label].wanted > 0 {
        edges.add(p, image: image, label: label, curves: curves.curves, labels: labels, to: &sums[label])
      }
    }
    let (score, counted) = score(sums, classes)
    if let gradient {
      gradient.update(repeating: 0, count: shape.logitCount)
      guard counted > 0 else { return .nan }
      for image in 0..<shape.images {
        for label in classes where sums[label].wanted > 0 {
          let slopes = Self.slopes(of: sums[label], classes: counted)
          edges.handBack(slopes, image: image, label: label, labels: labels, to: gradient)
        }
      }
      probabilities.handBack(gradient, shape)
    }
    return Float(1 - score)
  }

  /// The mean F1 over the classes that have boundaries, nan without any, and their number.
  private func score(_ sums: UnsafePointer<ClassSums>, _ classes: Range<Int>) -> (Double, Int) {
    var (total, counted) = (0.0, 0)
    for label in classes where sums[label].wanted > 0 {
      let (precision, recall) = Self.precisionAndRecall(sums[label])
      total += 2 * precision * recall / (precision + recall + SurrogateParameters.epsilon)
      counted += 1
    }
    return (total / Double(counted), counted)
  }

  private static func precisionAndRecall(_ sums: ClassSums) -> (Double, Double) {
    let epsilon = SurrogateParameters.epsilon
    return (sums.near / (sums.all + epsilon), sums.found / (Double(sums.wanted) + epsilon))
  }

  /// The derivatives of the loss by `all`, `near` and `found` of a class.
  private static func slopes(of sums: ClassSums, classes: Int) -> BoundarySlopes {
    let epsilon = SurrogateParameters.epsilon
    let (precision, recall) = precisionAndRecall(sums)
    let denominator = precision + recall + epsilon
    let scale = -2 / (Double(classes) * denominator * denominator)
    let byPrecision = scale * recall * (denominator - precision)
    let byRecall = scale * precision * (denominator - recall)
    let all = sums.all + epsilon
    return BoundarySlopes(
      all: Float(-byPrecision * sums.near / (all * all)), near: Float(byPrecision / all),
      found: Float(byRecall / (Double(sums.wanted) + epsilon)))
  }
}

/// The derivatives of a loss by the three sums of a class's soft boundary.
struct BoundarySlopes {
  var all: Float
  var near: Float
  var found: Float
}
