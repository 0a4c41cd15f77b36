import Losses
import Networks

/// One box head with what it learns from and how it describes boxes: the only one of Faster R-CNN, or one of a cascade's.
struct RegionStage {
  let head: BoxHead
  let sampling: RegionSampling
  let coder: DeltaCoder
  /// Factor of its losses.
  let lossWeight: Float

  /// The heads of a detector, a network stage each.
  static func stages(
    _ shape: DetectorShape, levels: [Value], in builder: NetworkBuilder
  ) throws(NetworkError) -> [RegionStage] {
    let (settings, cascade) = (shape.settings.head, shape.settings.cascade)
    switch shape.settings.kind {
    case .fasterRCNN, .maskRCNN, .fcos, .atss:
      return [
        try stage(
          shape, levels, threshold: settings.positiveThreshold, deltaScale: 1, lossWeight: 1, isClassAgnostic: false,
          name: "head", builder)
      ]
    case .cascadeRCNN:
      var stages: [RegionStage] = []
      for index in cascade.positiveThresholds.indices {
        stages.append(
          try stage(
            shape, levels, threshold: cascade.positiveThresholds[index], deltaScale: cascade.deltaScales[index],
            lossWeight: cascade.lossWeights[index], isClassAgnostic: true, name: "head\(index)", builder))
      }
      return stages
    }
  }

  private static func stage(
    _ shape: DetectorShape, _ levels: [Value], threshold: Float, deltaScale: Float, lossWeight: Float,
    isClassAgnostic: Bool, name: String, _ builder: NetworkBuilder
  ) throws(NetworkError) -> RegionStage {
    let settings = shape.settings.head
    builder.beginStage()
    let head = try BoxHead(
      settings, levels: levels, strides: shape.settings.backbone.strides, classes: shape.classes,
      regions: shape.batch * settings.sampling.count, isClassAgnostic: isClassAgnostic, name: name, in: builder)
    let assigner = MaxIoUAssigner(
      positiveThreshold: threshold, negativeThreshold: threshold, minimumPositive: threshold, matchLowQuality: false,
      ignoreThreshold: 0.5)
    return RegionStage(
      head: head, sampling: RegionSampling(sampling: settings.sampling, assigner: assigner, classes: shape.classes),
      coder: .secondStage(scaledBy: deltaScale), lossWeight: lossWeight)
  }

  /// The losses of this head.
  func loss(_ losses: DetectionLosses) throws(DetectorError) -> BoxHeadLoss {
    var weighted = losses
    weighted.classification.weight *= lossWeight
    weighted.regression.weight *= lossWeight
    return try BoxHeadLoss(weighted, classes: head.classes, coder: coder)
  }

  /// The box that a region's deltas lead to.
  func box(row: Int, label: Int, from region: BoundingBox, clippedTo area: ImageArea) -> BoundingBox {
    coder.decode(head.outputs.deltas(row: row, label: label), anchor: region, clippedTo: area)
  }
}

extension DeltaCoder {
  /// The second stage's coder with deviations times `scale`.
  static func secondStage(scaledBy scale: Float) -> DeltaCoder {
    var coder = DeltaCoder.secondStage
    let d = coder.deviations
    coder.deviations = BoxDeltas(dx: d.dx * scale, dy: d.dy * scale, dw: d.dw * scale, dh: d.dh * scale)
    return coder
  }
}
