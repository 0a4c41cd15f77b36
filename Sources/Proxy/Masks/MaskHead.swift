import Networks

/// The layers of the mask head: RoIAlign, 3×3 convolutions with ReLU, doubling of the size, a logit for each pixel and class.
package struct MaskHead {
  /// Regions that fit at once.
  let capacity: Int
  private let regions: RegionList
  private let logits: Value
  private let coarseFrom: Float

  init(
    _ settings: MaskSettings, levels: [Value], strides: [Int], coarseFrom: Float, classes: Int, regions capacity: Int,
    in builder: NetworkBuilder
  ) throws(NetworkError) {
    self.capacity = capacity
    self.coarseFrom = coarseFrom
    regions = RegionList(capacity: capacity)
    let pooled = try builder.roiAlign(
      levels: levels, scales: strides.map { 1 / Float($0) }, regions: regions, bins: Extent(settings.cells),
      samplingRatio: settings.samples, name: "mask.pool")
    logits = try Self.logits(pooled, settings, classes: classes, in: builder)
  }

  /// The layers behind RoIAlign: regions × cells × cells → regions × side × side × classes.
  ///
  /// The doubling is a 2×2 transposed convolution of stride 2, whose four output pixels have a bias each.
  package static func logits(
    _ pooled: Value, _ settings: MaskSettings, classes: Int, in builder: NetworkBuilder
  ) throws(NetworkError) -> Value {
    var x = pooled
    for index in 0..<settings.convolutions {
      x = try builder.convolution(x, channels: settings.channels, kernel: 3, relu: true, name: "mask.conv\(index)")
    }
    let four = try builder.convolution(
      x, channels: 4 * settings.channels, kernel: 1, relu: true, name: "mask.upsample")
    let doubled = try builder.depthToSpace2x(four, name: "mask.double")
    return try builder.convolution(doubled, channels: classes, kernel: 1, name: "mask.logits")
  }

  /// Sets the regions of the next forward pass, at most `capacity`.
  func load(_ boxes: [(image: Int, box: BoundingBox)]) { regions.load(boxes, coarseFrom: coarseFrom) }

  /// The outputs' buffers; valid after the network's build.
  var outputs: MaskOutputs {
    MaskOutputs(
      side: logits.shape.height, classes: logits.shape.channels, logits: logits.data, gradient: logits.gradient)
  }
}

extension RegionList {
  /// Large boxes, from this √area on, read the coarser pyramid level.
  func load(_ boxes: [(image: Int, box: BoundingBox)], coarseFrom: Float) {
    regions = boxes.map { image, box in
      let side = max(box.width * box.height, 0).squareRoot()
      return Region(
        image: image, level: side >= coarseFrom ? 1 : 0, x1: box.x1, y1: box.y1, x2: box.x2, y2: box.y2)
    }
  }
}
