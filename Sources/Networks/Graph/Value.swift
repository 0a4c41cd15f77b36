import Tensors

/// One tensor of a network: its activations and, where the backward pass needs it, their gradient; NHWC, Float.
///
/// Before `NetworkBuilder.build` both buffers are empty.
public final class Value {
  public let name: String
  public let shape: TensorShape

  /// The activations, `shape.count` floats; inputs are written by the caller before `forward`.
  public var data: UnsafeMutableBufferPointer<Float> { Self.view(root.memory, shape) }

  /// The gradient of the loss, `shape.count` floats; outputs are written by the caller before `backward`.
  ///
  /// Empty where no gradient flows. Inputs made with `gradient: true` hold theirs after `backward`; the gradients of
  /// inner values have no meaning afterwards, as their memory is used again.
  public var gradient: UnsafeMutableBufferPointer<Float> { Self.view(root.gradientMemory, shape) }

  /// The value whose memory this one shares (a reshaped view), or nil.
  private let viewed: Value?
  /// Whether the backward pass may need this value's gradient (it depends on parameters or was asked for).
  let wantsGradient: Bool
  /// Whether the caller writes the gradient before `backward`.
  var isOutput = false
  /// Whether the caller reads the gradient after `backward`.
  var isInput = false
  /// The number of layers that read it.
  var consumers = 0
  /// Whether any gradient reaches it; set while the backward pass is planned.
  var receivesGradient = false
  /// The layer that makes it; nil for inputs and views.
  weak var producer: (any Layer)?
  let builder: ObjectIdentifier
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
  public func zeroGradient() { gradient.update(repeating: 0) }

  private static func view(_ memory: AlignedBuffer, _ shape: TensorShape) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: memory.pointer, count: min(memory.count, shape.count))
  }
}
