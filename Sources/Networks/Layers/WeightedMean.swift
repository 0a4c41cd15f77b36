import CKernels
import Tensors

/// What each place of an image counts in a `weightedMean`: the caller writes it before every step; even at first.
public final class PlaceWeights {
  public let batch, height, width: Int
  private let buffer: AlignedBuffer

  public init(batch: Int, height: Int, width: Int) {
    (self.batch, self.height, self.width) = (batch, height, width)
    let places = height * width
    buffer = AlignedBuffer([Float](repeating: 1 / Float(max(1, places)), count: batch * places))
  }

  /// The height × width numbers of one image, row by row; with a sum of 1 the result is a mean.
  public subscript(image: Int) -> UnsafeMutableBufferPointer<Float> {
    let places = height * width
    return UnsafeMutableBufferPointer(rebasing: buffer.elements[(image * places)..<((image + 1) * places)])
  }

  var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
}

extension NetworkBuilder {
  /// The weighted mean over all rows and columns: B×H×W×C becomes B×1×1×C.
  ///
  /// - Parameter weights: of the batch, height and width of `x`.
  public func weightedMean(
    _ x: Value, weights: PlaceWeights, name: String = "weightedMean"
  ) throws(NetworkError) -> Value {
    append(try WeightedMean(x, weights, name: name, in: self))
  }
}

/// A mean in which places count as much as the caller says.
final class WeightedMean: Layer {
  let name: String
  let layoutRule = LayoutRule.same
  let inputs: [Edge]
  let output: Value
  private let weights: PlaceWeights

  init(_ x: Value, _ weights: PlaceWeights, name: String, in builder: NetworkBuilder) throws(NetworkError) {
    try builder.requireOwn(name, x)
    guard (weights.batch, weights.height, weights.width) == (x.shape.batch, x.shape.height, x.shape.width) else {
      throw .shapeMismatch(
        layer: name, expected: "weights for \(x.shape)",
        found: "\(weights.batch) × \(weights.height) × \(weights.width)")
    }
    self.name = name
    self.weights = weights
    inputs = [Edge(x)]
    output = try builder.newValue(
      name, TensorShape(batch: x.shape.batch, height: 1, width: 1, channels: x.shape.channels),
      wantsGradient: x.wantsGradient)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    try WeightedMean(input, weights, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  /// A blocked value has several images for each of the batch.
  private var shape: nn_mean_shape {
    let seen = inputs[0].value.kernelShape
    return nn_mean_shape(
      images: Int64(seen.batch), places: Int64(seen.height * seen.width), channels: Int64(seen.channels),
      group: Int64(seen.batch / weights.batch))
  }

  func forward(training: Bool) throws(NetworkError) {
    var call = shape
    nn_weighted_mean_forward(inputs[0].value.dataPointer, weights.pointer, output.dataPointer, &call)
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    guard input.write != .none else { return }
    if !input.accumulates { input.value.zeroGradient() }
    var call = shape
    nn_weighted_mean_backward(output.gradientPointer, weights.pointer, input.value.gradientPointer, &call)
  }
}
