import CKernels
import Losses

/// Softmax over the classes of logit maps and its way back, in memory that is kept from call to call.
struct ClassProbabilities {
  private let level: Int32
  private let room = WorkingMemory<Float>()
  private let values = WorkingMemory<Float>()

  init(instructions: InstructionSet) { level = instructions.rawValue }

  /// The probabilities, laid out like the logits (images × classes × pixels); valid until the next call.
  func evaluate(_ logits: UnsafePointer<Float>, _ shape: LabelMapShape) -> UnsafePointer<Float> {
    let p = values.reserve(shape.logitCount)
    var kernelShape = segment_shape(shape)
    segment_softmax(level, &kernelShape, logits, p, room.reserve(Int(segment_room(Int64(shape.classes)))))
    return UnsafePointer(p)
  }

  /// Turns the gradient with respect to what `evaluate` returned last into that with respect to the logits, in place.
  func handBack(_ gradient: UnsafeMutablePointer<Float>, _ shape: LabelMapShape) {
    let p = values.reserve(shape.logitCount)
    var kernelShape = segment_shape(shape)
    segment_softmax_backward(
      level, &kernelShape, p, gradient, room.reserve(Int(segment_room(Int64(shape.classes)))))
  }
}
