import CKernels
import Tensors

extension NetworkBuilder {
  /// The maximum of each window; padding never wins. `ceilMode` lets the last window hang over the edge, as in PyTorch.
  ///
  /// The kernel area must be at most 255, the padding at most half the kernel.
  public func maxPool(
    _ x: Value, kernel: Extent, stride: Extent? = nil, padding: Extent = 0, ceilMode: Bool = false,
    name: String = "maxPool"
  ) throws(NetworkError) -> Value {
    let window = PoolWindow(kernel: kernel, stride: stride ?? kernel, padding: padding, ceilMode: ceilMode)
    return append(try MaxPool(x, window, name: name, in: self))
  }

  /// The mean of each window; `includesPadding` counts padding zeros in the divisor (PyTorch's `count_include_pad`).
  public func averagePool(
    _ x: Value, kernel: Extent, stride: Extent? = nil, padding: Extent = 0, includesPadding: Bool = true,
    name: String = "averagePool"
  ) throws(NetworkError) -> Value {
    let window = PoolWindow(kernel: kernel, stride: stride ?? kernel, padding: padding, ceilMode: false)
    return append(try AveragePool(x, window, includesPadding: includesPadding, name: name, in: self))
  }

  /// The mean over all rows and columns: B×H×W×C becomes B×1×1×C.
  public func globalAveragePool(_ x: Value, name: String = "globalAveragePool") throws(NetworkError) -> Value {
    try averagePool(x, kernel: Extent(x.shape.height, x.shape.width), name: name)
  }
}

/// The window of a pooling layer.
struct PoolWindow: Hashable {
  let kernel: Extent
  let stride: Extent
  let padding: Extent
  let ceilMode: Bool

  /// The shape after pooling; throws where a window would be empty.
  func output(of x: TensorShape, layer: String) throws(NetworkError) -> TensorShape {
    let least = min(kernel.height, kernel.width, stride.height, stride.width)
    let paddingFits = 2 * padding.height <= kernel.height && 2 * padding.width <= kernel.width
    guard least >= 1, min(padding.height, padding.width) >= 0, paddingFits
    else {
      throw .invalidArgument(
        layer: layer, problem: "kernel and stride must be at least 1, padding 0 to half the kernel")
    }
    return TensorShape(
      batch: x.batch, height: extent(x.height, kernel.height, stride.height, padding.height),
      width: extent(x.width, kernel.width, stride.width, padding.width), channels: x.channels)
  }

  private func extent(_ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> Int {
    let room = input + 2 * padding - kernel
    guard room >= 0 else { return 0 }
    guard ceilMode else { return room / stride + 1 }
    let count = (room + stride - 1) / stride + 1
    // The last window must start inside the input or its left padding.
    return (count - 1) * stride >= input + padding ? count - 1 : count
  }

  func kernelWindow(input: TensorShape, output: TensorShape) -> nn_window {
    nn_window(
      images: Int64(input.batch), height: Int64(input.height), width: Int64(input.width),
      channels: Int64(input.channels), out_height: Int64(output.height), out_width: Int64(output.width),
      kernel_height: Int64(kernel.height), kernel_width: Int64(kernel.width), stride_height: Int64(stride.height),
      stride_width: Int64(stride.width), padding_height: Int64(padding.height), padding_width: Int64(padding.width))
  }
}

/// Max pooling; the gradient goes to the first maximum of the window in row order.
final class MaxPool: Layer {
  let name: String
  let layoutRule = LayoutRule.same
  let inputs: [Edge]
  let output: Value
  private let window: PoolWindow
  private var places: [UInt8]

  init(_ x: Value, _ window: PoolWindow, name: String, in builder: NetworkBuilder) throws(NetworkError) {
    try builder.requireOwn(name, x)
    guard window.kernel.height * window.kernel.width <= 255 else {
      throw .invalidArgument(layer: name, problem: "the kernel area must be at most 255")
    }
    self.name = name
    self.window = window
    inputs = [Edge(x)]
    output = try builder.newValue(name, window.output(of: x.shape, layer: name), wantsGradient: x.wantsGradient)
    places = [UInt8](repeating: 0, count: output.shape.count)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    try MaxPool(input, window, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  func forward(training: Bool) throws(NetworkError) {
    var call = window.kernelWindow(input: inputs[0].value.kernelShape, output: output.kernelShape)
    nn_max_pool_forward(inputs[0].value.dataPointer, output.dataPointer, &places, &call)
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    guard input.write != .none else { return }
    if !input.accumulates { input.value.zeroGradient() }
    var call = window.kernelWindow(input: input.value.kernelShape, output: output.kernelShape)
    nn_max_pool_backward(output.gradientPointer, places, input.value.gradientPointer, &call)
  }
}

/// Average pooling.
final class AveragePool: Layer {
  let name: String
  let layoutRule = LayoutRule.same
  let inputs: [Edge]
  let output: Value
  private let window: PoolWindow
  private let includesPadding: Bool

  init(
    _ x: Value, _ window: PoolWindow, includesPadding: Bool, name: String, in builder: NetworkBuilder
  ) throws(NetworkError) {
    try builder.requireOwn(name, x)
    self.name = name
    self.window = window
    self.includesPadding = includesPadding
    inputs = [Edge(x)]
    output = try builder.newValue(name, window.output(of: x.shape, layer: name), wantsGradient: x.wantsGradient)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    try AveragePool(input, window, includesPadding: includesPadding, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  func forward(training: Bool) throws(NetworkError) {
    var call = window.kernelWindow(input: inputs[0].value.kernelShape, output: output.kernelShape)
    nn_average_pool_forward(inputs[0].value.dataPointer, output.dataPointer, &call, includesPadding ? 1 : 0)
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    guard input.write != .none else { return }
    if !input.accumulates { input.value.zeroGradient() }
    var call = window.kernelWindow(input: input.value.kernelShape, output: output.kernelShape)
    nn_average_pool_backward(output.gradientPointer, input.value.gradientPointer, &call, includesPadding ? 1 : 0)
  }
}
