/// What one layer of a network costs in a training step.
public struct LayerCost: Sendable, Encodable {
  public let name: String
  /// The Swift type of the layer, e.g. `Convolution`.
  public let kind: String
  /// Multiplications and additions of the direct algorithm; 0 for layers that are bound by memory.
  public let forwardOperations: Double
  public let backwardOperations: Double
  /// Seconds of one pass, the least of several.
  public internal(set) var forwardSeconds = Double.infinity
  public internal(set) var backwardSeconds = Double.infinity
}

extension Network {
  /// Times every layer inside whole passes, forward and backward, on what the inputs and output gradients hold.
  ///
  /// Gradients are wrong afterwards; weights are not changed.
  /// - Parameter passes: at least 1.
  public func layerCosts(passes: Int) throws(NetworkError) -> [LayerCost] {
    SingleThread.enter()
    let layers = stages.flatMap { $0 }
    var costs = layers.map { layer in
      let operations = layer.forwardOperations
      let directions = layer.inputs.contains { $0.write != .none } ? 2.0 : 1.0
      return LayerCost(
        name: layer.name, kind: "\(type(of: layer))", forwardOperations: operations,
        backwardOperations: layer.output.root.receivesGradient ? directions * operations : 0)
    }
    let clock = ContinuousClock()
    for _ in 0..<passes {
      for (index, layer) in layers.enumerated() {
        let start = clock.now
        try layer.forward(training: true)
        costs[index].forwardSeconds = min(costs[index].forwardSeconds, (clock.now - start).inSeconds)
      }
      for (index, layer) in layers.enumerated().reversed() {
        let start = clock.now
        if layer.output.root.receivesGradient { try layer.backward() }
        costs[index].backwardSeconds = min(costs[index].backwardSeconds, (clock.now - start).inSeconds)
      }
    }
    return costs
  }
}

extension Duration {
  fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
