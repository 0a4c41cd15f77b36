import CKernels
import Tensors

/// The numbers that fix a convolution apart from its input.
struct ConvolutionGeometry: Hashable {
  var channels: Int
  var kernel: Extent
  var stride: Extent
  var padding: Extent
  var dilation: Extent

  /// The output extents, floor((in + 2 padding − dilation (kernel − 1) − 1) / stride) + 1.
  func output(of input: TensorShape) -> TensorShape {
    TensorShape(
      batch: input.batch,
      height: Self.extent(input.height, kernel.height, stride.height, padding.height, dilation.height),
      width: Self.extent(input.width, kernel.width, stride.width, padding.width, dilation.width),
      channels: channels)
  }

  /// Whether Winograd's F(4×4, 3×3) applies: 3×3, stride 1, at most one pixel of padding, multiples of 16 channels.
  func suitsWinograd(input: TensorShape) -> Bool {
    kernel == 3 && stride == 1 && dilation == 1 && max(padding.height, padding.width) <= 1
      && channels % 16 == 0 && input.channels % 16 == 0
  }

  private static func extent(_ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
    let room = input + 2 * padding - dilation * (kernel - 1) - 1
    return room < 0 ? 0 : room / stride + 1
  }
}

/// The weights and bias of a convolution or linear layer; layers that share them hold the same object.
final class WeightPair {
  let weight: Parameter
  let bias: Parameter?

  init(weight: Parameter, bias: Parameter?) {
    self.weight = weight
    self.bias = bias
  }
}

extension NetworkBuilder {
  /// A convolution (cross-correlation, as in PyTorch) of H×W×C to H'×W'×`channels`, optionally followed by ReLU.
  ///
  /// `padding` nil keeps the size at stride 1: dilation (kernel − 1) / 2. `bias` adds a number for each channel that
  /// starts as `biasStart`; leave it out before a batch norm. The weights start by `initialization`.
  public func convolution(
    _ x: Value, channels: Int, kernel: Extent, stride: Extent = 1, padding: Extent? = nil, dilation: Extent = 1,
    bias: Bool = true, relu: Bool = false, initialization: Initialization = .he, biasStart: Float = 0, name: String
  ) throws(NetworkError) -> Value {
    let same = Extent(dilation.height * (kernel.height - 1) / 2, dilation.width * (kernel.width - 1) / 2)
    let geometry = ConvolutionGeometry(
      channels: channels, kernel: kernel, stride: stride, padding: padding ?? same, dilation: dilation)
    let least = [
      channels, kernel.height, kernel.width, stride.height, stride.width, dilation.height, dilation.width,
      geometry.padding.height + 1, geometry.padding.width + 1,
    ].min()
    guard let least, least >= 1 else {
      throw .invalidArgument(
        layer: name, problem: "channels, kernel, stride and dilation must be at least 1, padding at least 0")
    }
    let area = kernel.height * kernel.width
    let fill = ParameterFill(initialization: initialization, fanIn: x.shape.channels * area, fanOut: channels * area)
    let pair = WeightPair(
      weight: parameter(
        "\(name).weight", shape: [channels, x.shape.channels, kernel.height, kernel.width], decays: true, fill: fill),
      bias: bias
        ? parameter("\(name).bias", shape: [channels], decays: false, fill: .constant(biasStart)) : nil)
    return append(try Convolution(x, geometry, pair, relu: relu, name: name, in: self))
  }
}

/// Convolution on oneDNN: NHWC data; weights lie in PyTorch's order and are reordered once after every change.
final class Convolution: Layer {
  let name: String
  let inputs: [Edge]
  let output: Value
  /// Data changes order at the primitives where needed, but only between multiples of 16 channels.
  let layoutRule: LayoutRule
  private let geometry: ConvolutionGeometry
  private let pair: WeightPair
  private let relu: Bool
  private var primitives: ConvolutionPrimitives?

  init(
    _ x: Value, _ geometry: ConvolutionGeometry, _ pair: WeightPair, relu: Bool, name: String,
    in builder: NetworkBuilder
  ) throws(NetworkError) {
    try builder.requireOwn(name, x)
    self.name = name
    self.geometry = geometry
    self.pair = pair
    self.relu = relu
    inputs = [Edge(x)]
    layoutRule = x.shape.channels % 16 == 0 && geometry.channels % 16 == 0 ? .any : .channelsLast
    output = try builder.newValue(name, geometry.output(of: x.shape), wantsGradient: true)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    guard input.shape.channels == inputs[0].value.shape.channels else {
      throw .shapeMismatch(
        layer: name, expected: "\(inputs[0].value.shape.channels) channels", found: "\(input.shape)")
    }
    return try Convolution(input, geometry, pair, relu: relu, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {
    primitives = try ConvolutionPrimitives(
      input: inputs[0], output: output, geometry: geometry, pair: pair, relu: relu, layer: name, workspace: workspace)
  }

  var forwardOperations: Double {
    2 * Double(output.shape.count * inputs[0].value.shape.channels * geometry.kernel.height * geometry.kernel.width)
  }

  func forward(training: Bool) throws(NetworkError) { try primitives?.forward() }

  func backward() throws(NetworkError) {
    if relu { nn_relu_backward_in_place(output.dataPointer, output.gradientPointer, Int64(output.shape.count)) }
    try primitives?.backward()
  }
}
