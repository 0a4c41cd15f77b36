import Tensors

extension NetworkBuilder {
  /// `x` at twice the height and width and a quarter of the channels: channel (2·dy + dx)·C + c of a pixel becomes channel
  /// c of pixel (2y + dy, 2x + dx), as ONNX's DepthToSpace does it.
  ///
  /// After a 1×1 convolution to 4·C channels this is a 2×2 transposed convolution of stride 2.
  public func depthToSpace2x(_ x: Value, name: String = "depthToSpace") throws(NetworkError) -> Value {
    guard x.shape.channels % 4 == 0 else {
      throw .invalidArgument(layer: name, problem: "\(x.shape.channels) channels, expected a multiple of 4")
    }
    return append(try DepthToSpace(x, name: name, in: self))
  }
}

/// Moves channels to new pixels; nothing is computed.
final class DepthToSpace: Layer {
  let name: String
  let layoutRule = LayoutRule.channelsLast
  let inputs: [Edge]
  let output: Value

  init(_ x: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) {
    try builder.requireOwn(name, x)
    self.name = name
    inputs = [Edge(x)]
    let shape = TensorShape(
      batch: x.shape.batch, height: 2 * x.shape.height, width: 2 * x.shape.width, channels: x.shape.channels / 4)
    output = try builder.newValue(name, shape, wantsGradient: x.wantsGradient)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    try DepthToSpace(input, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  /// Calls `body` with the places of every run of channels in the input and in the output.
  private func forEachRun(_ body: (_ input: Int, _ output: Int) -> Void) {
    let (old, channels) = (inputs[0].value.shape, output.shape.channels)
    var place = 0
    for row in 0..<(old.batch * old.height) {
      for x in 0..<old.width {
        for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
          body(place, ((2 * row + dy) * 2 * old.width + 2 * x + dx) * channels)
          place += channels
        }
      }
    }
  }

  func forward(training: Bool) throws(NetworkError) {
    let (from, to, count) = (inputs[0].value.dataPointer, output.dataPointer, output.shape.channels)
    forEachRun { (to + $1).update(from: from + $0, count: count) }
  }

  func backward() throws(NetworkError) {
    let (from, to, count) = (output.gradientPointer, inputs[0].value.gradientPointer, output.shape.channels)
    switch inputs[0].write {
    case .none: break
    case .overwrite: forEachRun { (to + $0).update(from: from + $1, count: count) }
    case .accumulate:
      forEachRun { input, output in for channel in 0..<count { to[input + channel] += from[output + channel] } }
    }
  }
}
