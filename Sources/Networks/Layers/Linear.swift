import CKernels
import COpenBLAS
import Tensors

extension NetworkBuilder {
  /// A dense layer on each channel vector: `outputs` = W x + b, optionally followed by ReLU.
  ///
  /// For features of several rows and columns use `flatten` first; its order is rows, columns, channels.
  public func linear(
    _ x: Value, outputs: Int, bias: Bool = true, relu: Bool = false, initialization: Initialization = .heFanIn,
    biasStart: Float = 0, name: String
  ) throws(NetworkError) -> Value {
    guard outputs >= 1 else { throw .invalidArgument(layer: name, problem: "outputs must be at least 1") }
    let fill = ParameterFill(initialization: initialization, fanIn: x.shape.channels, fanOut: outputs)
    let pair = WeightPair(
      weight: parameter("\(name).weight", shape: [outputs, x.shape.channels], decays: true, fill: fill),
      bias: bias ? parameter("\(name).bias", shape: [outputs], decays: false, fill: .constant(biasStart)) : nil)
    return append(try Linear(x, outputs: outputs, pair: pair, relu: relu, name: name, in: self))
  }

  /// The same memory seen as one channel vector an image: B×H×W×C becomes B×1×1×(H·W·C).
  public func flatten(_ x: Value) throws(NetworkError) -> Value {
    try requireOwn("\(x.name).flat", x)
    let shape = TensorShape(batch: x.shape.batch, height: 1, width: 1, channels: x.shape.elementsPerImage)
    return try newValue("\(x.name).flat", shape, wantsGradient: x.wantsGradient, viewing: x)
  }
}

/// A dense layer on OpenBLAS: X is rows × inputs, W outputs × inputs (PyTorch's order), Y = X Wᵀ + b.
final class Linear: Layer {
  let name: String
  let layoutRule = LayoutRule.channelsLast
  let inputs: [Edge]
  let output: Value
  private let pair: WeightPair
  private let relu: Bool
  private var parameters = Parameters()

  init(
    _ x: Value, outputs: Int, pair: WeightPair, relu: Bool, name: String, in builder: NetworkBuilder
  ) throws(NetworkError) {
    try builder.requireOwn(name, x)
    self.name = name
    self.pair = pair
    self.relu = relu
    inputs = [Edge(x)]
    var shape = x.shape
    shape.channels = outputs
    output = try builder.newValue(name, shape, wantsGradient: true)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    guard input.shape.channels == inputs[0].value.shape.channels else {
      throw .shapeMismatch(
        layer: name, expected: "\(inputs[0].value.shape.channels) channels", found: "\(input.shape)")
    }
    return try Linear(input, outputs: output.shape.channels, pair: pair, relu: relu, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) { parameters = workspace.parameters }

  private var rows: Int32 { Int32(output.shape.rows) }
  private var width: Int32 { Int32(inputs[0].value.shape.channels) }
  private var outputs: Int32 { Int32(output.shape.channels) }

  var forwardOperations: Double { 2 * Double(output.shape.count * inputs[0].value.shape.channels) }

  func forward(training: Bool) throws(NetworkError) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, width, 1, inputs[0].value.dataPointer, width,
      parameters.weightPointer(pair.weight), width, 0, output.dataPointer, outputs)
    nn_add_bias(
      output.dataPointer, pair.bias.map { parameters.weightPointer($0) }, Int64(rows), Int64(outputs), relu ? 1 : 0)
  }

  func backward() throws(NetworkError) {
    if relu { nn_relu_backward_in_place(output.dataPointer, output.gradientPointer, Int64(output.shape.count)) }
    let input = inputs[0]
    cblas_sgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, outputs, width, rows, 1, output.gradientPointer, outputs,
      input.value.dataPointer, width, 1, parameters.gradientPointer(pair.weight), width)
    if let bias = pair.bias {
      nn_add_column_sums(output.gradientPointer, parameters.gradientPointer(bias), Int64(rows), Int64(outputs))
    }
    guard input.write != .none else { return }
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, outputs, 1, output.gradientPointer, outputs,
      parameters.weightPointer(pair.weight), width, input.accumulates ? 1 : 0, input.value.gradientPointer, width)
  }
}
