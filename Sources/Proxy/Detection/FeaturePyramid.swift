import Networks

/// The layers from the pixels to a two-level feature pyramid: a small residual backbone and FPN's top-down path.
///
/// Backbone: stem 3×3 stride 2, then stages of one 3×3 convolution of stride 2 and residual blocks of two 3×3
/// convolutions (He et al., 2016). Pyramid: 1×1 lateral convolutions, nearest upsampling and addition, one 3×3
/// convolution each (Lin et al., 2017, section 3).
struct FeaturePyramid {
  let input: Value
  /// The finer and the coarser level.
  let levels: [Value]

  /// Whether the part of a detector of that name is one of these layers, whose names are the same in every detector.
  static func owns(_ part: String) -> Bool {
    ["stem.", "stage", "lateral.", "pyramid."].contains { part.hasPrefix($0) }
  }

  /// Adds the layers for inputs of images × height × width × 3.
  init(_ settings: BackboneSettings, height: Int, width: Int, in builder: NetworkBuilder) throws(NetworkError) {
    let layers = NormalizedLayers(builder: builder, normalization: settings.normalization, groups: settings.groups)
    input = try builder.input("pixels", height: height, width: width, channels: 3)
    var x = try layers.convolution(input, channels: settings.stemChannels, stride: 2, name: "stem")
    var stages: [Value] = []
    for (index, channels) in settings.stageChannels.enumerated() {
      x = try layers.convolution(x, channels: channels, stride: 2, name: "stage\(index)")
      for block in 0..<settings.blocksPerStage {
        x = try layers.residualBlock(x, name: "stage\(index).block\(block)")
      }
      stages.append(x)
    }
    let channels = settings.pyramidChannels
    let coarse = try layers.convolution(
      x, channels: channels, kernel: 1, relu: false, name: "lateral.coarse")
    let fine = try layers.convolution(
      stages[stages.count - 2], channels: channels, kernel: 1, relu: false, name: "lateral.fine")
    let sum = try builder.resize(
      coarse, height: fine.shape.height, width: fine.shape.width, adding: fine, name: "pyramid.sum")
    levels = [
      try layers.convolution(sum, channels: channels, name: "pyramid.fine"),
      try layers.convolution(coarse, channels: channels, name: "pyramid.coarse"),
    ]
  }
}

/// Convolutions followed by the chosen normalization.
private struct NormalizedLayers {
  let builder: NetworkBuilder
  let normalization: Normalization
  let groups: Int

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
