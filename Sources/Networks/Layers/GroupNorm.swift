import CKernels
import Tensors

extension NetworkBuilder {
  /// Group normalization (Wu and He, 2018, eq. 1-5): each image's channels in `groups` groups of equal size, each
  /// normalised over its channels, rows and columns; then optionally ReLU.
  public func groupNorm(
    _ x: Value, groups: Int, relu: Bool = false, epsilon: Float = 1e-5, name: String
  ) throws(NetworkError) -> Value {
    let channels = x.shape.channels
    guard groups >= 1, channels % groups == 0 else {
      throw .invalidArgument(layer: name, problem: "\(channels) channels do not divide into \(groups) groups")
    }
    let pair = NormPair(
      scale: parameter("\(name).weight", shape: [channels], decays: false, fill: .constant(1)),
      shift: parameter("\(name).bias", shape: [channels], decays: false, fill: .constant(0)))
    return append(
      try GroupNorm(x, pair: pair, groups: groups, relu: relu, epsilon: epsilon, name: name, in: self))
  }
}

/// Group normalization with fused ReLU.
final class GroupNorm: Layer {
  let name: String
  let layoutRule = LayoutRule.channelsLast
  let inputs: [Edge]
  let output: Value
  private let pair: NormPair
  private let groups: Int
  private let relu: Bool
  private let epsilon: Float
  private var parameters = Parameters()
  /// Mean and 1 / sqrt(variance + epsilon) of each image and group.
  private let mean: AlignedBuffer
  private let inverseDeviation: AlignedBuffer

  init(
    _ x: Value, pair: NormPair, groups: Int, relu: Bool, epsilon: Float, name: String, in builder: NetworkBuilder
  ) throws(NetworkError) {
    try builder.requireOwn(name, x)
    self.name = name
    self.pair = pair
    self.groups = groups
    self.relu = relu
    self.epsilon = epsilon
    inputs = [Edge(x)]
    mean = AlignedBuffer(count: x.shape.batch * groups)
    inverseDeviation = AlignedBuffer(count: x.shape.batch * groups)
    output = try builder.newValue(name, x.shape, wantsGradient: true)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    guard input.shape.channels == output.shape.channels else {
      throw .shapeMismatch(layer: name, expected: "\(output.shape.channels) channels", found: "\(input.shape)")
    }
    return try GroupNorm(input, pair: pair, groups: groups, relu: relu, epsilon: epsilon, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) { parameters = workspace.parameters }

  private var shape: nn_group_shape {
    let shape = output.shape
    return nn_group_shape(
      images: Int64(shape.batch), rows: Int64(shape.height * shape.width), channels: Int64(shape.channels),
      groups: Int64(groups))
  }

  func forward(training: Bool) throws(NetworkError) {
    nn_group_norm_forward(
      inputs[0].value.dataPointer, output.dataPointer, shape, parameters.weightPointer(pair.scale),
      parameters.weightPointer(pair.shift), epsilon, mean.pointer, inverseDeviation.pointer, relu ? 1 : 0)
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    if relu { nn_relu_backward_in_place(output.dataPointer, output.gradientPointer, Int64(output.shape.count)) }
    nn_group_norm_backward(
      input.value.dataPointer, output.gradientPointer, input.write == .none ? nil : input.value.gradientPointer,
      input.accumulates ? 1 : 0, shape, parameters.weightPointer(pair.scale), mean.pointer, inverseDeviation.pointer,
      parameters.gradientPointer(pair.scale), parameters.gradientPointer(pair.shift))
  }
}
