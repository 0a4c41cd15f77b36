import Networks

/// The layers from the pixels to a two-level feature pyramid: a small residual backbone and FPN's top-down path.
///
/// Pyramid: 1×1 lateral convolutions, nearest upsampling and addition, one 3×3
/// convolution each (Lin et al., 2017, section 3).
struct FeaturePyramid {
  private let input: Value
  /// The finer and the coarser level.
  let levels: [Value]
  private let cut: PictureCut

  /// Whether the part of a detector of that name is one of these layers, whose names are the same in every detector.
  static func owns(_ part: String) -> Bool {
    ["stem.", "stage", "lateral.", "pyramid."].contains { part.hasPrefix($0) }
  }

  /// Adds the layers for inputs of images × height × width × 3.
  init(_ settings: BackboneSettings, height: Int, width: Int, in builder: NetworkBuilder) throws(NetworkError) {
    cut = PictureCut(height: height, width: width)
    let layers = NormalizedLayers(builder: builder, normalization: settings.normalization, groups: settings.groups)
    input = try builder.input("pixels", height: height, width: width, channels: 3)
    let stages = try layers.backbone(settings, on: input)
    let channels = settings.pyramidChannels
    let coarse = try layers.convolution(
      stages[stages.count - 1], channels: channels, kernel: 1, relu: false, name: "lateral.coarse")
    let fine = try layers.convolution(
      stages[stages.count - 2], channels: channels, kernel: 1, relu: false, name: "lateral.fine")
    let sum = try builder.resize(
      coarse, height: fine.shape.height, width: fine.shape.width, adding: fine, name: "pyramid.sum")
    levels = [
      try layers.convolution(sum, channels: channels, name: "pyramid.fine"),
      try layers.convolution(coarse, channels: channels, name: "pyramid.coarse"),
    ]
  }
  /// Writes the pixels; images that a short batch leaves over keep their old pixels, and nobody reads their results.
  func load(_ images: [InputImage]) {
    let count = input.shape.elementsPerImage
    for (index, image) in images.enumerated() {
      let place = (index * count)..<((index + 1) * count)
      image.write(to: UnsafeMutableBufferPointer(rebasing: input.data[place]), by: cut)
    }
  }
}
