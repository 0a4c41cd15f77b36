import Randomness
import Tensors

/// Describes a network layer by layer, then builds it once: `build` allocates all memory and creates all primitives.
///
/// Every method that adds a layer returns its output and throws `NetworkError` for shapes that do not fit.
/// Layer names may repeat; parameter names are "<layer name>.weight", "<layer name>.bias".
public final class NetworkBuilder {
  /// The images of a batch; inputs have this batch unless they say otherwise.
  public let batch: Int
  let parameters = Parameters()
  var layers: [any Layer] = []
  var values: [Value] = []
  var startValues: [(parameter: Parameter, fill: ParameterFill)] = []
  var runningStatistics: [RunningStatistics] = []
  /// The index of the first layer of each stage.
  private var stageStarts: [Int] = [0]
  private var isBuilt = false

  /// Whether 3×3 convolutions of stride 1 may use Winograd's algorithm.
  private let usesWinograd: Bool

  /// `winograd`: 3×3 convolutions of stride 1 between multiples of 16 channels run by Winograd's algorithm F(4×4, 3×3)
  /// (Lavin and Gray, 2016) where the processor has AVX-512: 1.6 to 2.5 times as fast, rounding some 10 times coarser.
  public init(batch: Int, winograd: Bool = true) {
    self.batch = batch
    usesWinograd = winograd
  }

  /// A tensor the caller writes before `forward`; with `gradient`, its gradient can be read after `backward`.
  public func input(
    _ name: String = "input", batch: Int? = nil, height: Int, width: Int, channels: Int, gradient: Bool = false
  ) throws(NetworkError) -> Value {
    let shape = TensorShape(batch: batch ?? self.batch, height: height, width: width, channels: channels)
    let value = try newValue(name, shape, wantsGradient: gradient)
    value.isExposed = true
    return value
  }

  /// Marks a value that inner layers read, too, as one whose gradient the caller writes in full before `backward`.
  ///
  /// A value that no layer reads is an output anyway.
  public func output(_ value: Value) { value.root.isOutput = true }

  /// Keeps an inner value's data readable in NHWC order after `forward`, and its gradient after `backward`.
  public func expose(_ value: Value) { value.root.isExposed = true }

  /// Starts a new stage: later layers run with `forward(stage:)` of the next number, so that the caller can work
  /// between stages (e.g. choose regions). Backward passes must run the stages in the reverse order, each once.
  public func beginStage() {
    stageStarts.append(layers.count)
  }

  /// Allocates memory, draws start weights (a stream for each parameter name, so that adding a layer does not change
  /// the others) and creates the primitives. The builder cannot be used afterwards.
  ///
  /// Without `trains` nothing for the backward pass is made (`backward` then does nothing): for evaluation.
  public func build(seed: UInt64, trains: Bool = true) throws(NetworkError) -> Network {
    guard !isBuilt else { throw .foreignValue(layer: "build") }
    isBuilt = true
    SingleThread.enter()
    parameters.allocate()
    parameters.update { weights in
      var seen: [String: UInt64] = [:]
      for start in startValues {
        let name = start.parameter.name
        var generator = SeededGenerator(seed: seed, stream: name, index: seen[name, default: 0])
        seen[name, default: 0] += 1
        start.fill.apply(UnsafeMutableBufferPointer(rebasing: weights[start.parameter.range]), &generator)
      }
    }
    let workspace = try Workspace(parameters: parameters, usesWinograd: usesWinograd && Engine.hasWinograd)
    LayoutPlan(layers: layers, values: values).decide(allowsBlocks: usesWinograd && Engine.hasWinograd)
    GradientPlan(layers: layers, values: values).allocate(trains: trains)
    for layer in layers { try layer.prepare(workspace) }
    workspace.allocate()
    let ends = stageStarts.dropFirst() + [layers.count]
    let stages = zip(stageStarts, ends).map { Array(layers[$0..<$1]) }
    return Network(
      stages: stages, values: values, parameters: parameters, runningStatistics: runningStatistics,
      workspace: workspace)
  }

  /// A new value of this builder.
  func newValue(
    _ name: String, _ shape: TensorShape, wantsGradient: Bool, viewing: Value? = nil
  ) throws(NetworkError) -> Value {
    guard shape.isPositive else {
      throw .invalidArgument(layer: name, problem: "shape \(shape) has an extent below 1; use larger inputs")
    }
    let value = Value(
      name: name, shape: shape, wantsGradient: wantsGradient, viewing: viewing, builder: ObjectIdentifier(self))
    values.append(value)
    return value
  }

  /// Appends a layer, wiring producer and consumers.
  func append(_ layer: any Layer) -> Value {
    layers.append(layer)
    layer.output.producer = layer
    for edge in layer.inputs { edge.value.root.consumers += 1 }
    return layer.output
  }

  /// Throws unless all values belong to this builder and it was not built yet.
  func requireOwn(_ name: String, _ values: Value...) throws(NetworkError) {
    guard !isBuilt, values.allSatisfy({ $0.builder == ObjectIdentifier(self) }) else {
      throw .foreignValue(layer: name)
    }
  }

  /// A new parameter and how it starts.
  func parameter(_ name: String, shape: [Int], decays: Bool, fill: ParameterFill) -> Parameter {
    let parameter = parameters.add(name: name, shape: shape, decays: decays)
    startValues.append((parameter, fill))
    return parameter
  }
}

/// The start values of one parameter.
struct ParameterFill {
  let initialization: Initialization
  let fanIn: Int
  let fanOut: Int

  static func constant(_ value: Float) -> ParameterFill {
    ParameterFill(initialization: .constant(value), fanIn: 1, fanOut: 1)
  }

  func apply(_ weights: UnsafeMutableBufferPointer<Float>, _ generator: inout SeededGenerator) {
    initialization.fill(weights, fanIn: fanIn, fanOut: fanOut, generator: &generator)
  }
}
