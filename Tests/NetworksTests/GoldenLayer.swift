import GoldenData
import Networks
import Tensors

/// One recorded layer of nn_layers.json as a network of one layer, NCHW turned to NHWC.
struct GoldenLayer {
  let row: GoldenValue
  let builder: NetworkBuilder
  let input: Value

  init(_ row: GoldenValue) throws {
    self.row = row
    let shape = GoldenLayer.shape(row["tensors"]["input"].shape)
    builder = NetworkBuilder(batch: shape.batch)
    input = try builder.input(height: shape.height, width: shape.width, channels: shape.channels, gradient: true)
  }

  var name: String { "\(row["id"].string ?? "?") \(row["layer"].string ?? "?")" }
  private var parameters: GoldenValue { row["params"] }

  /// N×C×H×W or N×C as extents.
  static func shape(_ extents: [Int]) -> TensorShape {
    TensorShape(
      batch: extents[0], height: extents.count == 4 ? extents[2] : 1, width: extents.count == 4 ? extents[3] : 1,
      channels: extents[1])
  }

  private func int(_ key: String) -> Int { parameters[key].int ?? 0 }
  private func float(_ key: String) -> Float { parameters[key].floats.first ?? 0 }
  /// A number for both axes, or a pair.
  private func extent(_ key: String) -> Extent {
    if let both = parameters[key].int { return Extent(both) }
    return Extent(parameters[key][0].int ?? 0, parameters[key][1].int ?? 0)
  }

  /// The layer's output, or nil for a layer this table does not know.
  func layer() throws -> Value? {
    switch row["layer"].string {
    case "conv2d":
      return try builder.convolution(
        input, channels: row["tensors"]["weight"].shape[0], kernel: extent("kernel"), stride: extent("stride"),
        padding: extent("padding"), bias: parameters["bias"].bool ?? false, name: "layer")
    case "group_norm":
      return try builder.groupNorm(input, groups: int("groups"), epsilon: float("eps"), name: "layer")
    case "batch_norm_train", "batch_norm_eval":
      return try builder.batchNorm(input, momentum: float("momentum"), epsilon: float("eps"), name: "layer")
    case "relu": return try builder.relu(input)
    case "max_pool2d":
      return try builder.maxPool(
        input, kernel: extent("kernel"), stride: extent("stride"), padding: extent("padding"),
        ceilMode: parameters["ceil_mode"].bool ?? false)
    case "avg_pool2d":
      return try builder.averagePool(
        input, kernel: extent("kernel"), stride: extent("stride"), padding: extent("padding"),
        includesPadding: parameters["count_include_pad"].bool ?? true)
    case "global_avg_pool": return try builder.globalAveragePool(input)
    case "upsample":
      let target = GoldenLayer.shape(row["output"].shape)
      let aligned = parameters["align_corners"].bool ?? false
      let mode: ResizeMode = parameters["mode"].string == "nearest" ? .nearest : .bilinear(alignsCorners: aligned)
      return try builder.resize(input, height: target.height, width: target.width, mode: mode)
    case "linear":
      return try builder.linear(
        input, outputs: row["tensors"]["weight"].shape[0], bias: parameters["bias"].bool ?? false, name: "layer")
    default: return nil
    }
  }

  /// Numbers of a tensor in NHWC order; other than four extents stay as they are.
  static func channelsLast(_ value: GoldenValue) -> [Float] {
    let extents = value.shape
    return extents.count == 4 ? Layout.channelsLast(value.floats, shape: shape(extents)) : value.floats
  }
}
