import CKernels
import Tensors

extension NetworkBuilder {
  /// max(x, 0); the slope at 0 is 0.
  public func relu(_ x: Value, name: String = "relu") throws(NetworkError) -> Value {
    append(try ReLU(x, name: name, in: self))
  }

  /// The sum of two values of one shape, optionally followed by ReLU.
  public func add(_ a: Value, _ b: Value, relu: Bool = false, name: String = "add") throws(NetworkError) -> Value {
    append(try Addition(a, b, relu: relu, name: name, in: self))
  }

  /// The same layer with the same parameters as the one that made `value`, on another input.
  public func repeatLayer(of value: Value, on input: Value, name: String? = nil) throws(NetworkError) -> Value {
    let name = name ?? value.name
    try requireOwn(name, value, input)
    guard let producer = value.producer else {
      throw .invalidArgument(layer: name, problem: "\(value.name) was made by no layer; give the output of one")
    }
    return append(try producer.repeated(on: input, name: name, in: self))
  }
}

/// Rectified linear unit.
final class ReLU: Layer {
  let name: String
  let layoutRule = LayoutRule.same
  let inputs: [Edge]
  let output: Value

  init(_ x: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) {
    try builder.requireOwn(name, x)
    self.name = name
    inputs = [Edge(x)]
    output = try builder.newValue(name, x.shape, wantsGradient: x.wantsGradient)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    try ReLU(input, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  func forward(training: Bool) throws(NetworkError) {
    nn_relu(inputs[0].value.dataPointer, output.dataPointer, Int64(output.shape.count))
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    guard input.write != .none else { return }
    nn_relu_backward(
      output.dataPointer, output.gradientPointer, input.value.gradientPointer, Int64(output.shape.count),
      input.accumulates ? 1 : 0)
  }
}

/// Element-wise sum.
final class Addition: Layer {
  let name: String
  let layoutRule = LayoutRule.same
  let inputs: [Edge]
  let output: Value
  private let relu: Bool

  init(_ a: Value, _ b: Value, relu: Bool, name: String, in builder: NetworkBuilder) throws(NetworkError) {
    try builder.requireOwn(name, a, b)
    guard a.shape == b.shape else {
      throw .shapeMismatch(layer: name, expected: "\(a.shape)", found: "\(b.shape)")
    }
    self.name = name
    self.relu = relu
    inputs = [Edge(a), Edge(b)]
    output = try builder.newValue(name, a.shape, wantsGradient: a.wantsGradient || b.wantsGradient)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    throw .invalidArgument(layer: name, problem: "an addition has no parameters to share; call add again")
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  func forward(training: Bool) throws(NetworkError) {
    nn_add(
      inputs[0].value.dataPointer, inputs[1].value.dataPointer, output.dataPointer, Int64(output.shape.count),
      relu ? 1 : 0)
  }

  func backward() throws(NetworkError) {
    let count = Int64(output.shape.count)
    if relu { nn_relu_backward_in_place(output.dataPointer, output.gradientPointer, count) }
    for edge in inputs where edge.write != .none {
      if edge.accumulates {
        nn_add_to(edge.value.gradientPointer, output.gradientPointer, count)
      } else {
        edge.value.gradientPointer.update(from: output.gradientPointer, count: Int(count))
      }
    }
  }
}
