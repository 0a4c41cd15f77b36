import CKernels
import Losses

/// The cross entropy of softmax and label, mean over the pixels that are not ignored; nan without any.
public final class CrossEntropyLoss: SegmentationLoss {
  private let level: Int32
  private let room = WorkingMemory<Float>()
  private let counting = WorkingMemory<Int>()

  public init(instructions: InstructionSet = .best) { level = instructions.rawValue }

  public func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float {
    let counts = LabelCounts(labels, shape, in: counting)
    guard counts.total > 0 else {
      gradient?.update(repeating: 0, count: shape.logitCount)
      return .nan
    }
    var kernelShape = segment_shape(shape)
    let room = room.reserve(Int(segment_room(Int64(shape.classes))))
    return Float(
      segment_cross_entropy(
        level, &kernelShape, logits, labels, Float(1 / Double(counts.total)), gradient, room))
  }
}
