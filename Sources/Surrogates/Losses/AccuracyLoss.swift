import CKernels
import Losses

/// The surrogates of mAcc and gAcc: the curve of each label's probability, averaged over each class or over all pixels.
///
/// The weights follow from the labels alone, so value and gradient need one pass over the logits.
final class AccuracyLoss: SegmentationLoss {
  private let isMean: Bool
  private let level: Int32
  private let kernels: CurveKernels
  private let room = WorkingMemory<Float>()
  private let weights = WorkingMemory<Float>()
  private let counting = WorkingMemory<Int>()

  init(_ parameters: SurrogateParameters, instructions: InstructionSet) {
    isMean = parameters.metric == .meanAccuracy
    level = instructions.rawValue
    kernels = CurveKernels(parameters.surrogateCurves)
  }

  func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float {
    let counts = LabelCounts(labels, shape, in: counting)
    let weights = weights.reserve(shape.classes)
    for label in 0..<shape.classes {
      let pixels = Double(isMean ? counts.counts[label] : counts.total) + SurrogateParameters.epsilon
      // A class without pixels weighs nothing: its weight meets no label.
      weights[label] = counts.counts[label] == 0 ? 0 : Float(-1 / (pixels * (isMean ? Double(shape.classes) : 1)))
    }
    var kernelShape = segment_shape(shape)
    let room = room.reserve(Int(segment_room(Int64(shape.classes))))
    return Float(1 + segment_accuracy(level, &kernelShape, logits, labels, kernels.curves, weights, gradient, room))
  }
}
