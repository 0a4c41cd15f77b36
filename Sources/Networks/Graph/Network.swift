import Tensors

/// A built network of fixed shapes: forward, backward, parameters and state. One thread at a time uses it.
///
/// A step: write the inputs' data, `forward(training: true)`, write the outputs' gradients in full,
/// `parameters.zeroGradients()`, `backward()`, then step an optimizer on `parameters`.
/// Bit-identical from run to run on one kind of processor.
public final class Network {
  public let parameters: Parameters
  public let stageCount: Int
  /// The values the caller writes before `forward`, in the order of description.
  public let inputs: [Value]
  let stages: [[any Layer]]
  private let values: [Value]
  private let runningStatistics: [RunningStatistics]
  private let workspace: Workspace

  init(
    stages: [[any Layer]], values: [Value], parameters: Parameters, runningStatistics: [RunningStatistics],
    workspace: Workspace
  ) {
    self.stages = stages
    self.values = values
    self.parameters = parameters
    self.runningStatistics = runningStatistics
    self.workspace = workspace
    stageCount = stages.count
    inputs = values.filter { $0.producer == nil && $0.root === $0 }
  }

  /// Runs all stages. With `training`, batch norms take the batch's statistics and update the running ones.
  public func forward(training: Bool) throws(NetworkError) {
    for stage in stages.indices { try forward(stage: stage, training: training) }
  }

  /// Runs one stage; the stages before it must have run.
  public func forward(stage: Int, training: Bool) throws(NetworkError) {
    SingleThread.enter()
    for layer in stages[stage] { try layer.forward(training: training) }
  }

  /// Runs all stages in reverse: reads the outputs' gradients, adds to the parameters' gradients.
  ///
  /// Output gradients may be overwritten on the way; write them anew before every call.
  public func backward() throws(NetworkError) {
    for stage in stages.indices.reversed() { try backward(stage: stage) }
  }

  /// Runs one stage's backward pass; the stages after it must have run theirs.
  public func backward(stage: Int) throws(NetworkError) {
    SingleThread.enter()
    for layer in stages[stage].reversed() where layer.output.root.receivesGradient { try layer.backward() }
  }

  /// A copy of everything learned: the weights, then each batch norm's running mean and variance.
  public var state: [Float] {
    Array(parameters.weights) + runningStatistics.flatMap { Array($0.mean.elements) + Array($0.variance.elements) }
  }

  /// The named parts of `state`: the parameters with their names, then "<norm>.running_mean" and "<norm>.running_var", as
  /// PyTorch calls them. Numbers between the parts are zero. Layers of one name get "#1", "#2" … in the order of building.
  public var stateParts: [Parameter] {
    var parts = parameters.entries
    var place = parameters.count
    for statistics in runningStatistics {
      for (kind, buffer) in [("running_mean", statistics.mean), ("running_var", statistics.variance)] {
        parts.append(
          Parameter(
            name: "\(statistics.name).\(kind)", shape: [buffer.count], range: place..<(place + buffer.count),
            decays: false))
        place += buffer.count
      }
    }
    var seen: [String: Int] = [:]
    return parts.map { part in
      let count = seen[part.name, default: 0]
      seen[part.name] = count + 1
      guard count > 0 else { return part }
      return Parameter(name: "\(part.name)#\(count)", shape: part.shape, range: part.range, decays: part.decays)
    }
  }

  /// The number of floats of `state`.
  public var stateCount: Int { parameters.count + runningStatistics.reduce(0) { $0 + 2 * $1.mean.count } }

  /// Takes over a state of the same architecture, also one of another batch size.
  public func restore(_ state: [Float]) throws(NetworkError) {
    guard state.count == stateCount else { throw .stateSize(expected: stateCount, found: state.count) }
    parameters.update { weights in for index in weights.indices { weights[index] = state[index] } }
    var place = parameters.count
    for statistics in runningStatistics {
      for buffer in [statistics.mean, statistics.variance] {
        for index in buffer.elements.indices { buffer.elements[index] = state[place + index] }
        place += buffer.count
      }
    }
  }

  /// The bytes of all activations, gradients and shared work space.
  public var activationBytes: Int {
    let owned = values.filter { $0.root === $0 }
    var seen: Set<ObjectIdentifier> = []
    let gradients = owned.map(\.gradientMemory).filter { seen.insert(ObjectIdentifier($0)).inserted }
    return 4 * (owned.map(\.memory) + gradients).reduce(0) { $0 + $1.count } + workspace.bytes
  }
}

/// The running mean and variance of one batch norm, a number for each channel.
final class RunningStatistics {
  /// The norm's name.
  let name: String
  let mean: AlignedBuffer
  let variance: AlignedBuffer

  init(name: String, channels: Int) {
    self.name = name
    mean = AlignedBuffer(count: channels)
    variance = AlignedBuffer([Float](repeating: 1, count: channels))
  }
}
