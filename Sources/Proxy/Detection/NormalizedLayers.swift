import Networks

/// Convolutions followed by the chosen normalization, and the backbone that is made of them.
struct NormalizedLayers {
  let builder: NetworkBuilder
  let normalization: Normalization
  let groups: Int

  /// Stem 3×3 of stride 2, then stages of one 3×3 convolution of stride 2 and residual blocks of two 3×3 convolutions (He et
  /// al., 2016); the output of every stage.
  func backbone(_ settings: BackboneSettings, on input: Value) throws(NetworkError) -> [Value] {
    var x = try convolution(input, channels: settings.stemChannels, stride: 2, name: "stem")
    var stages: [Value] = []
    for (index, channels) in settings.stageChannels.enumerated() {
      x = try convolution(x, channels: channels, stride: 2, name: "stage\(index)")
      for block in 0..<settings.blocksPerStage {
        x = try residualBlock(x, name: "stage\(index).block\(block)")
      }
      stages.append(x)
    }
    return stages
  }

  /// Convolution without bias, normalization, and ReLU unless told otherwise.
  func convolution(
    _ x: Value, channels: Int, kernel: Extent = 3, stride: Extent = 1, relu: Bool = true, name: String
  ) throws(NetworkError) -> Value {
    let y = try builder.convolution(
      x, channels: channels, kernel: kernel, stride: stride, bias: false, name: name)
    switch normalization {
    case .batch: return try builder.batchNorm(y, relu: relu, name: name + ".norm")
    case .group: return try builder.groupNorm(y, groups: groups, relu: relu, name: name + ".norm")
    }
  }

  /// relu(x + norm(conv(relu(norm(conv(x))))))
  func residualBlock(_ x: Value, name: String) throws(NetworkError) -> Value {
    let channels = x.shape.channels
    let inner = try convolution(x, channels: channels, name: name + ".first")
    let y = try builder.convolution(inner, channels: channels, kernel: 3, bias: false, name: name + ".second")
    switch normalization {
    case .batch: return try builder.batchNorm(y, adding: x, relu: true, name: name + ".second.norm")
    case .group:
      let normalized = try builder.groupNorm(y, groups: groups, name: name + ".second.norm")
      return try builder.add(x, normalized, relu: true, name: name + ".sum")
    }
  }
}
