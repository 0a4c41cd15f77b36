import CKernels
import Tensors

/// One tensor of a network: its activations and, where the backward pass needs it, their gradient; NHWC, Float.
///
/// Before `NetworkBuilder.build` both buffers are empty.
public final class Value {
  public let name: String
  public let shape: TensorShape

  /// The activations, `shape.count` floats; inputs are written by the caller before `forward`.
  ///
  /// To be read for inputs, outputs and values given to `NetworkBuilder.expose`; other inner values may lie in
  /// another order than NHWC, so theirs is empty.
  public private(set) var data = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)

  /// The gradient of the loss, `shape.count` floats; outputs are written by the caller before `backward`.
  ///
  /// Empty where no gradient flows or where `data` is empty. Inputs made with `gradient: true` and exposed values hold
  /// theirs after `backward`; those of outputs may be overwritten by it.
  public private(set) var gradient = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)

  /// The value whose memory this one shares (a reshaped view), or nil.
  private let viewed: Value?
  /// Whether the backward pass may need this value's gradient (it depends on parameters or was asked for).
  let wantsGradient: Bool
  /// Whether the caller writes the gradient before `backward`.
  var isOutput = false
  /// Whether the caller reads or writes it, so that it must lie in NHWC order.
  var isExposed = false
  /// Whether it lies in blocks of 16 channels (oneDNN's nChw16c) instead of NHWC; decided by `LayoutPlan`.
  var isBlocked = false
  /// The number of layers that read it.
  var consumers = 0
  /// Whether any gradient reaches it; set while the backward pass is planned.
  var receivesGradient = false
  /// The layer that makes it; nil for inputs and views.
  weak var producer: (any Layer)?
  let builder: ObjectIdentifier
  /// At least `shape.count` floats each once built (the gradient's only where one flows, and shared over time).
  var memory = AlignedBuffer(count: 0)
  var gradientMemory = AlignedBuffer(count: 0)

  init(name: String, shape: TensorShape, wantsGradient: Bool, viewing viewed: Value? = nil, builder: ObjectIdentifier) {
    self.name = name
    self.shape = shape
    self.wantsGradient = wantsGradient
    self.viewed = viewed?.root
    self.builder = builder
  }

  /// The value that owns the memory: itself, or what it is a view of.
  var root: Value { viewed ?? self }
  var dataPointer: UnsafeMutablePointer<Float> { root.memory.pointer }
  var gradientPointer: UnsafeMutablePointer<Float> { root.gradientMemory.pointer }

  /// Sets the gradient to zero; for outputs without a loss in this step.
  public func zeroGradient() {
    gradientPointer.update(repeating: 0, count: min(root.gradientMemory.count, shape.count))
  }

  /// The extents as kernels that treat channels alike see them: a blocked value is a batch of 16-channel images.
  var kernelShape: TensorShape {
    guard root.isBlocked else { return shape }
    let blocks = shape.channels / 16
    return TensorShape(batch: shape.batch * blocks, height: shape.height, width: shape.width, channels: 16)
  }

  /// The extents as the normalization kernels want them.
  var normShape: nn_norm_shape {
    nn_norm_shape(
      images: Int64(shape.batch), rows: Int64(shape.height * shape.width), channels: Int64(shape.channels),
      blocked: root.isBlocked ? 1 : 0)
  }

  /// Adds `shape.count` floats of the same order to the gradient.
  func addToGradient(_ source: UnsafePointer<Float>) { nn_add_to(gradientPointer, source, Int64(shape.count)) }

  /// Gives the caller its view of the memory; called once by the build.
  func publish() {
    guard !root.isBlocked else { return }
    data = UnsafeMutableBufferPointer(start: dataPointer, count: shape.count)
    gradient = UnsafeMutableBufferPointer(
      start: gradientPointer, count: min(root.gradientMemory.count, shape.count))
  }
}
