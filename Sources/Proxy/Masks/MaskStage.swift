import Networks

/// The mask head with what it learns from: a network stage of its own behind the box head.
struct MaskStage {
  private let head: MaskHead
  private let cropper: MaskCropper
  private let settings: MaskSettings
  /// The index of its network stage.
  private let index: Int

  /// Nil for detectors that find no masks.
  init?(_ shape: DetectorShape, levels: [Value], index: Int, in builder: NetworkBuilder) throws(NetworkError) {
    guard shape.settings.kind.findsMasks else { return nil }
    settings = shape.settings.mask
    self.index = index
    builder.beginStage()
    head = try MaskHead(
      settings, levels: levels, strides: shape.settings.backbone.strides, coarseFrom: shape.settings.head.coarseFrom,
      classes: shape.classes, regions: shape.batch * max(shape.settings.head.sampling.mostPositives, 1), in: builder)
    cropper = MaskCropper(side: settings.side)
  }

  /// The weighted loss of the regions that show an object with a mask; leaves its gradient in the head's outputs.
  func loss(
    _ regions: [SampledRegion], _ images: [InputImage], in network: Network
  ) throws(NetworkError) -> Double {
    var chosen: [(image: Int, box: BoundingBox)] = []
    var targets: [MaskTarget] = []
    for (image, input) in images.enumerated() {
      for (object, mask) in input.masks.enumerated() {
        let found = regions.filter { $0.image == image && $0.groundTruth == object }
        guard let mask, !found.isEmpty else { continue }
        let crops = cropper.targets(of: mask, boxes: found.map { input.inOriginal($0.box) })
        chosen += found.map { (image: image, box: $0.box) }
        targets += zip(found, crops).map { MaskTarget(label: $0.label, pixels: $1) }
      }
    }
    head.load(chosen)
    try network.forward(stage: index, training: true)
    return MaskLoss.evaluate(head.outputs, targets: targets, weight: settings.lossWeight)
  }

  /// The detections of each image with their masks; the features of the images are those of the last forward pass.
  func masked(_ detections: [[Detection]], in network: Network) throws(NetworkError) -> [[Detection]] {
    var masked = detections
    let places = detections.indices.flatMap { image in detections[image].indices.map { (image: image, index: $0) } }
    for start in stride(from: 0, to: places.count, by: head.capacity) {
      let part = places[start..<min(start + head.capacity, places.count)]
      head.load(part.map { (image: $0.image, box: detections[$0.image][$0.index].box) })
      try network.forward(stage: index, training: false)
      for (row, place) in part.enumerated() {
        masked[place.image][place.index].mask = head.outputs.patch(
          row: row, label: detections[place.image][place.index].label, threshold: settings.threshold)
      }
    }
    return masked
  }
}
