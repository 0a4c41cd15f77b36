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
  let layoutRule = LayoutRule.same
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
  /// Two sums for each channel.
  private var work: [Double]

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
    work = [Double](repeating: 0, count: 2 * x.shape.channels)
    output = try builder.newValue(name, x.shape, wantsGradient: true)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    guard input.shape.channels == output.shape.channels else {
      throw .shapeMismatch(layer: name, expected: "\(output.shape.channels) channels", found: "\(input.shape)")
    }
    return try GroupNorm(input, pair: pair, groups: groups, relu: relu, epsilon: epsilon, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) { parameters = workspace.parameters }

  func forward(training: Bool) throws(NetworkError) {
    var shape = output.normShape
    nn_group_norm_forward(
      inputs[0].value.dataPointer, output.dataPointer, &shape, Int64(groups), parameters.weightPointer(pair.scale),
      parameters.weightPointer(pair.shift), epsilon, mean.pointer, inverseDeviation.pointer, relu ? 1 : 0, &work)
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    var call = nn_group_norm_gradient()
    call.shape = output.normShape
    call.groups = Int64(groups)
    call.x = UnsafePointer(input.value.dataPointer)
    call.gy = UnsafePointer(output.gradientPointer)
    call.gx = input.write == .none ? nil : input.value.gradientPointer
    call.gx_adds = input.accumulates ? 1 : 0
    call.relu = relu ? 1 : 0
    call.scale = UnsafePointer(parameters.weightPointer(pair.scale))
    call.shift = UnsafePointer(parameters.weightPointer(pair.shift))
    call.mean = UnsafePointer(mean.pointer)
    call.inverse_deviation = UnsafePointer(inverseDeviation.pointer)
    call.gscale = parameters.gradientPointer(pair.scale)
    call.gshift = parameters.gradientPointer(pair.shift)
    work.withUnsafeMutableBufferPointer { work in
      call.work = work.baseAddress
      nn_group_norm_backward(&call)
    }
  }
}
