import Losses

/// 1 − the soft Dice coefficient (2 Σ p t + 1) / (Σ p² + Σ t + 1) over batch and pixels, mean over all classes.
///
/// The squares in the denominator are those of Milletari et al., V-Net (3DV 2016); the 1 keeps absent classes defined, as usual
/// in segmentation tool boxes. Ignored pixels count nowhere.
public final class DiceLoss: SegmentationLoss {
  static let smooth = 1.0
  private let probabilities: ClassProbabilities
  private let counting = WorkingMemory<Int>()

  public init(instructions: InstructionSet = .best) {
    probabilities = ClassProbabilities(instructions: instructions)
  }

  public func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float {
    let counts = LabelCounts(labels, shape, in: counting)
    let p = probabilities.evaluate(logits, shape)
    var loss = 0.0
    for label in 0..<shape.classes {
      let sums = Self.sums(p, labels, shape, label)
      let top = 2 * sums.overlap + Self.smooth
      let bottom = sums.squares + Double(counts.counts[label]) + Self.smooth
      loss += (1 - top / bottom) / Double(shape.classes)
      guard let gradient else { continue }
      let scale = -1 / Double(shape.classes)
      Self.slopes(
        p, labels, shape, label, byOverlap: Float(scale * 2 / bottom),
        bySquares: Float(-scale * top / (bottom * bottom)), to: gradient)
    }
    if let gradient { probabilities.handBack(gradient, shape) }
    return Float(loss)
  }

  /// Σ p t and Σ p² of a class.
  private static func sums(
    _ p: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, _ shape: LabelMapShape, _ label: Int
  ) -> (overlap: Double, squares: Double) {
    var (overlap, squares) = (0.0, 0.0)
    for image in 0..<shape.images {
      let plane = p + (image * shape.classes + label) * shape.pixels
      let map = labels + image * shape.pixels
      for pixel in 0..<shape.pixels where Int(map[pixel]) < shape.classes {
        let number = Double(plane[pixel])
        squares += number * number
        if Int(map[pixel]) == label { overlap += number }
      }
    }
    return (overlap, squares)
  }

  private static func slopes(
    _ p: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, _ shape: LabelMapShape, _ label: Int, byOverlap: Float,
    bySquares: Float, to gradient: UnsafeMutablePointer<Float>
  ) {
    for image in 0..<shape.images {
      let plane = (image * shape.classes + label) * shape.pixels
      let map = labels + image * shape.pixels
      for pixel in 0..<shape.pixels {
        let slope = bySquares * 2 * p[plane + pixel] + (Int(map[pixel]) == label ? byOverlap : 0)
        gradient[plane + pixel] = Int(map[pixel]) < shape.classes ? slope : 0
      }
    }
  }
}
