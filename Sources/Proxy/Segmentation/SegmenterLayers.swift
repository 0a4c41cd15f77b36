import Networks

/// The layers from the pixels to class logits at a quarter of the input's size: a small encoder-decoder in the manner of
/// DeepLab v3+ (Chen et al., 2018).
///
/// Encoder: the backbone of the detectors. Context: a 1×1 convolution, dilated 3×3 convolutions and the picture's mean
/// (without what pads it) beside each other, their sum taken instead of a concatenation (a 1×1 convolution over a concatenation is such a sum).
/// Decoder: bilinear upsampling to the second last stage, that stage through a 1×1 convolution added, one 3×3 convolution,
/// one 1×1 convolution to the classes.
struct SegmenterLayers {
  let input: Value
  /// H/4 × W/4 × classes with two stages.
  let logits: Value
  /// What each cell of the last stage counts in the picture's mean.
  let cellWeights: PlaceWeights

  /// Adds the layers for inputs of images × height × width × 3, both multiples of the stride.
  init(
    _ settings: SegmenterSettings, classes: Int, height: Int, width: Int, in builder: NetworkBuilder
  ) throws(NetworkError) {
    let layers = NormalizedLayers(builder: builder, normalization: .batch, groups: 1)
    input = try builder.input("pixels", height: height, width: width, channels: 3)
    let stages = try layers.backbone(settings.backbone, on: input)
    let last = stages[stages.count - 1]
    cellWeights = PlaceWeights(batch: last.shape.batch, height: last.shape.height, width: last.shape.width)
    let context = try Self.context(settings, on: last, weights: cellWeights, layers)
    let skip = stages[stages.count - 2]
    let lateral = try layers.convolution(
      skip, channels: settings.decoderChannels, kernel: 1, relu: false, name: "decoder.skip")
    let projected = try layers.convolution(
      context, channels: settings.decoderChannels, kernel: 1, relu: false, name: "decoder.context")
    let sum = try builder.relu(
      try builder.resize(
        projected, height: skip.shape.height, width: skip.shape.width, mode: .bilinear(alignsCorners: false),
        adding: lateral, name: "decoder.sum"))
    let x = try layers.convolution(sum, channels: settings.decoderChannels, name: "decoder.refine")
    logits = try builder.convolution(
      x, channels: classes, kernel: 1, initialization: .normal(0.01), name: "decoder.logits")
  }

  private static func context(
    _ settings: SegmenterSettings, on x: Value, weights: PlaceWeights, _ layers: NormalizedLayers
  ) throws(NetworkError) -> Value {
    let (builder, channels) = (layers.builder, settings.contextChannels)
    let mean = try builder.convolution(
      try builder.weightedMean(x, weights: weights), channels: channels, kernel: 1, bias: false, name: "context.mean")
    var sum = try builder.resize(mean, height: x.shape.height, width: x.shape.width, name: "context.spread")
    for (index, dilation) in settings.dilations.enumerated() {
      let branch = try builder.convolution(
        x, channels: channels, kernel: 3, dilation: Extent(dilation), bias: false, name: "context.branch\(index)")
      sum = try builder.batchNorm(branch, adding: sum, name: "context.branch\(index).norm")
    }
    let center = try builder.convolution(x, channels: channels, kernel: 1, bias: false, name: "context.center")
    return try builder.batchNorm(center, adding: sum, relu: true, name: "context.center.norm")
  }
}
