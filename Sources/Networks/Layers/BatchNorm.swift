import CKernels
import Tensors

/// Scale and shift of a norm.
final class NormPair {
  let scale: Parameter
  let shift: Parameter

  init(scale: Parameter, shift: Parameter) {
    self.scale = scale
    self.shift = shift
  }
}

extension NetworkBuilder {
  /// Batch normalization over batch, rows and columns (Ioffe and Szegedy, 2015, alg. 1), then optionally `adding` another
  /// value of the same shape (a residual), then optionally ReLU, in one pass over memory.
  ///
  /// `momentum` is PyTorch's: running = (1 − momentum) running + momentum batch (unbiased variance).
  public func batchNorm(
    _ x: Value, adding residual: Value? = nil, relu: Bool = false, momentum: Float = 0.1, epsilon: Float = 1e-5,
    scaleStart: Float = 1, name: String
  ) throws(NetworkError) -> Value {
    let channels = x.shape.channels
    let pair = NormPair(
      scale: parameter("\(name).weight", shape: [channels], decays: false, fill: .constant(scaleStart)),
      shift: parameter("\(name).bias", shape: [channels], decays: false, fill: .constant(0)))
    let statistics = RunningStatistics(name: name, channels: channels)
    runningStatistics.append(statistics)
    return append(
      try BatchNorm(
        x, residual: residual, pair: pair, statistics: statistics,
        settings: BatchNorm.Settings(relu: relu, momentum: momentum, epsilon: epsilon), name: name, in: self))
  }
}

/// Batch normalization with fused residual addition and ReLU.
final class BatchNorm: Layer {
  struct Settings {
    let relu: Bool
    let momentum: Float
    let epsilon: Float
  }

  let name: String
  let layoutRule = LayoutRule.same
  let inputs: [Edge]
  let output: Value
  private let pair: NormPair
  private let running: RunningStatistics
  private let settings: Settings
  private var parameters = Parameters()
  /// Mean and 1 / sqrt(variance + epsilon) of the last forward pass, a number for each channel.
  private let mean: AlignedBuffer
  private let inverseDeviation: AlignedBuffer
  private var lastWasTraining = true

  init(
    _ x: Value, residual: Value?, pair: NormPair, statistics: RunningStatistics, settings: Settings, name: String,
    in builder: NetworkBuilder
  ) throws(NetworkError) {
    try builder.requireOwn(name, x, residual ?? x)
    if let residual, residual.shape != x.shape {
      throw .shapeMismatch(layer: name, expected: "\(x.shape)", found: "\(residual.shape)")
    }
    if let residual, residual.root === x.root {
      throw .invalidArgument(layer: name, problem: "the residual is the norm's own input; add another value")
    }
    self.name = name
    self.pair = pair
    self.settings = settings
    running = statistics
    inputs = [Edge(x)] + (residual.map { [Edge($0)] } ?? [])
    mean = AlignedBuffer(count: x.shape.channels)
    inverseDeviation = AlignedBuffer(count: x.shape.channels)
    output = try builder.newValue(name, x.shape, wantsGradient: true)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    throw .invalidArgument(layer: name, problem: "batch norm cannot share running statistics; use group norm")
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) { parameters = workspace.parameters }

  private var residual: Edge? { inputs.count > 1 ? inputs[1] : nil }

  private var shape: nn_norm_shape { output.normShape }

  func forward(training: Bool) throws(NetworkError) {
    var shape = shape
    lastWasTraining = training
    if training {
      nn_batch_norm_statistics(
        inputs[0].value.dataPointer, &shape, settings.epsilon, settings.momentum, mean.pointer,
        inverseDeviation.pointer, running.mean.pointer, running.variance.pointer)
    } else {
      nn_batch_norm_use_running(
        shape.channels, settings.epsilon, running.mean.pointer, running.variance.pointer, mean.pointer,
        inverseDeviation.pointer)
    }
    nn_batch_norm_apply(
      inputs[0].value.dataPointer, residual?.value.dataPointer, output.dataPointer, &shape,
      parameters.weightPointer(pair.scale), parameters.weightPointer(pair.shift), mean.pointer,
      inverseDeviation.pointer, settings.relu ? 1 : 0)
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    var call = nn_batch_norm_gradient()
    call.shape = shape
    call.x = UnsafePointer(input.value.dataPointer)
    call.y = UnsafePointer(output.dataPointer)
    call.gy = UnsafePointer(output.gradientPointer)
    call.gx = input.write == .none ? nil : input.value.gradientPointer
    call.gx_adds = input.accumulates ? 1 : 0
    if let residual, residual.write != .none {
      call.gresidual = residual.value.gradientPointer
      call.gresidual_adds = residual.accumulates ? 1 : 0
    }
    call.has_residual = residual == nil ? 0 : 1
    call.relu = settings.relu ? 1 : 0
    call.training = lastWasTraining ? 1 : 0
    call.scale = UnsafePointer(parameters.weightPointer(pair.scale))
    call.shift = UnsafePointer(parameters.weightPointer(pair.shift))
    call.mean = UnsafePointer(mean.pointer)
    call.inverse_deviation = UnsafePointer(inverseDeviation.pointer)
    call.gscale = parameters.gradientPointer(pair.scale)
    call.gshift = parameters.gradientPointer(pair.shift)
    nn_batch_norm_backward(&call)
  }
}
