import Randomness
import Tensors

/// What a layer does with the gradient of one input.
enum GradientWrite {
  /// No gradient is needed there.
  case none
  /// This layer writes first in the backward pass.
  case overwrite
  /// Another consumer wrote before; this layer adds.
  case accumulate
}

/// One input of a layer and how its gradient is written.
final class Edge {
  let value: Value
  var write = GradientWrite.none

  init(_ value: Value) { self.value = value }

  var accumulates: Bool { write == .accumulate }
}

/// Which memory orders a layer can work with.
enum LayoutRule {
  /// NHWC for every value it touches.
  case channelsLast
  /// Either order, the same for all values it touches.
  case same
  /// Any order for each input, NHWC for the output.
  case anyToChannelsLast
  /// Any order for each value; the layer changes the order itself where it must.
  case any
}

/// One step of a network: reads its inputs' data and writes its output's, and the reverse with gradients.
protocol Layer: AnyObject {
  var name: String { get }
  var inputs: [Edge] { get }
  var output: Value { get }
  var layoutRule: LayoutRule { get }
  /// Creates primitives and work space; every buffer and parameter has its address by now.
  func prepare(_ workspace: Workspace) throws(NetworkError)
  func forward(training: Bool) throws(NetworkError)
  /// Reads the output's gradient, which it may overwrite; adds to its parameters' gradients.
  func backward() throws(NetworkError)
  /// Multiplications and additions of one forward pass, for layers that are bound by them.
  var forwardOperations: Double { get }
  /// The same layer with the same parameters on another input.
  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer
}

extension Layer {
  var forwardOperations: Double { 0 }
}
