import CKernels
import Tensors

/// One named slice of the flat parameter buffers.
public struct Parameter: Hashable, Sendable {
  public let name: String
  /// Extents in PyTorch's order: convolution O·I·H·W, linear O·I, norm and bias C.
  public let shape: [Int]
  public let range: Range<Int>
  /// False for biases and the scale and shift of norms, which weight decay may pass over.
  public let decays: Bool
}

/// All weights of a network in one flat buffer, all their gradients in another, with named slices.
///
/// Not Sendable: it belongs to the thread of its network.
public final class Parameters {
  public private(set) var entries: [Parameter] = []
  private var weightMemory = AlignedBuffer(count: 0)
  private var gradientMemory = AlignedBuffer(count: 0)
  /// Grows with every change of the weights; layers compare it to know when their reordered copies are old.
  public private(set) var version = 0
  private var total = 0

  init() {}

  /// Parameters outside a network, one entry without weight-decay exclusion; used to hold optimizers to a reference.
  public convenience init(weights: [Float]) {
    self.init()
    _ = add(name: "weights", shape: [weights.count], decays: true)
    allocate()
    update { buffer in for (index, weight) in weights.enumerated() { buffer[index] = weight } }
  }

  public var count: Int { total }

  /// The weights to read; write through `update`.
  public var weights: UnsafeBufferPointer<Float> { UnsafeBufferPointer(weightMemory.elements) }

  /// The gradients; `Network.backward` adds to them, `zero` clears them.
  public var gradients: UnsafeMutableBufferPointer<Float> { gradientMemory.elements }

  /// Changes the weights and lets every layer know.
  public func update(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    body(weightMemory.elements)
    version += 1
  }

  /// Sets all gradients to zero.
  public func zeroGradients() { gradients.update(repeating: 0) }

  /// The Euclidean norm of all gradients, summed in Double.
  public var gradientNorm: Double { nn_sum_of_squares(gradientMemory.pointer, Int64(count)).squareRoot() }

  /// The entry of that name, or nil.
  public subscript(_ name: String) -> Parameter? { entries.first { $0.name == name } }

  func add(name: String, shape: [Int], decays: Bool) -> Parameter {
    // Slices start at cache lines, so that kernels see aligned rows; the gap stays zero.
    let start = (total + 15) / 16 * 16
    let parameter = Parameter(
      name: name, shape: shape, range: start..<(start + shape.reduce(1, *)), decays: decays)
    entries.append(parameter)
    total = parameter.range.upperBound
    return parameter
  }

  func allocate() {
    weightMemory = AlignedBuffer(count: total)
    gradientMemory = AlignedBuffer(count: total)
  }

  func weightPointer(_ parameter: Parameter) -> UnsafeMutablePointer<Float> {
    weightMemory.pointer + parameter.range.lowerBound
  }

  func gradientPointer(_ parameter: Parameter) -> UnsafeMutablePointer<Float> {
    gradientMemory.pointer + parameter.range.lowerBound
  }
}
