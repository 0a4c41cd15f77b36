import Networks

/// The layers of the second stage: RoIAlign (He et al., 2017), two hidden linear layers, one for logits, one for deltas.
struct BoxHead {
  /// Regions that fit at once.
  let capacity: Int
  let classes: Int
  private let regions: RegionList
  private let logits: Value
  private let deltas: Value
  private let coarseFrom: Float
  private let isClassAgnostic: Bool

  /// Start weights of the outputs as in mmdetection: normal with deviation 0.01 for logits, 0.001 for deltas.
  init(
    _ settings: BoxHeadSettings, levels: [Value], strides: [Int], classes: Int, regions capacity: Int,
    isClassAgnostic: Bool, name: String, in builder: NetworkBuilder
  ) throws(NetworkError) {
    (self.capacity, self.classes, self.isClassAgnostic) = (capacity, classes, isClassAgnostic)
    coarseFrom = settings.coarseFrom
    regions = RegionList(capacity: capacity)
    let pooled = try builder.roiAlign(
      levels: levels, scales: strides.map { 1 / Float($0) }, regions: regions, bins: Extent(settings.cells),
      samplingRatio: settings.samples, name: name + ".pool")
    let flat = try builder.flatten(pooled)
    let first = try builder.linear(flat, outputs: settings.hidden, relu: true, name: name + ".first")
    let second = try builder.linear(first, outputs: settings.hidden, relu: true, name: name + ".second")
    logits = try builder.linear(second, outputs: classes + 1, initialization: .normal(0.01), name: name + ".logits")
    deltas = try builder.linear(
      second, outputs: isClassAgnostic ? 4 : 4 * classes, initialization: .normal(0.001), name: name + ".deltas")
  }

  /// Sets the regions of the next forward pass, at most `capacity`: large ones read the coarser pyramid level.
  func load(_ boxes: [(image: Int, box: BoundingBox)]) { regions.load(boxes, coarseFrom: coarseFrom) }

  /// The outputs' buffers; valid after the network's build.
  var outputs: BoxHeadOutputs {
    BoxHeadOutputs(
      classes: classes, logits: logits.data, logitsGradient: logits.gradient, deltas: deltas.data,
      deltasGradient: deltas.gradient, isClassAgnostic: isClassAgnostic)
  }
}
