import Losses
import Networks
import Randomness

/// Faster R-CNN (Ren et al., 2015), Cascade R-CNN (Cai and Vasconcelos, 2018) or Mask R-CNN (He et al., 2017) of fixed
/// batch and input size.
///
/// Network stage 0: pixels → feature pyramid → objectness and deltas of every anchor. Between the stages the regions are
/// chosen: proposals first, then what the box head before makes of its regions. Each further stage is one box head:
/// RoIAlign → two linear layers → classes + 1 logits, and deltas for each class (Faster) or once (Cascade).
/// Mask R-CNN has one stage more: RoIAlign → convolutions → a mask for each class, on the regions that show objects.
final class TwoStageDetector: Detector {
  let shape: DetectorShape
  let network: Network
  private let pyramid: FeaturePyramid
  private let stages: [RegionStage]
  private let maskStage: MaskStage?
  private let outputs: [ProposalOutputs]
  private let proposalLoss: ProposalLoss
  private let proposalSelection: ProposalSelection
  private let resultSelection: ResultSelection
  private var losses: [BoxHeadLoss] = []

  /// Builds the layers; start weights are those of `seed`.
  init(_ shape: DetectorShape, seed: UInt64) throws(DetectorError) {
    self.shape = shape
    let settings = shape.settings
    try settings.validate()
    do {
      let builder = NetworkBuilder(batch: shape.batch)
      pyramid = try FeaturePyramid(settings.backbone, height: shape.height, width: shape.width, in: builder)
      let proposals = try ProposalHead(settings.proposals, levels: pyramid.levels, in: builder)
      stages = try RegionStage.stages(shape, levels: pyramid.levels, in: builder)
      maskStage = try MaskStage(shape, levels: pyramid.levels, index: 1 + stages.count, in: builder)
      network = try builder.build(seed: seed)
      outputs = proposals.outputs
    } catch {
      throw .network(String(describing: error))
    }
    let anchors = PyramidAnchors(
      settings.proposals, strides: settings.backbone.strides,
      cells: pyramid.levels.map { ($0.shape.height, $0.shape.width) })
    proposalLoss = ProposalLoss(settings: settings.proposals, anchors: anchors)
    proposalSelection = ProposalSelection(settings: settings.proposals, anchors: anchors)
    resultSelection = ResultSelection(settings: settings.results, classes: shape.classes)
  }

  func load(_ images: [InputImage]) { pyramid.load(images) }

  func use(_ losses: DetectionLosses) throws(DetectorError) {
    self.losses = []
    for stage in stages { self.losses.append(try stage.loss(losses)) }
  }

  func accumulateGradients(_ images: [InputImage], seed: UInt64, step: Int) throws(DetectorError) -> LossSummary {
    guard losses.count == stages.count else { throw .loss(place: "classification", problem: "none was set") }
    var anchorDraws = SeededGenerator(seed: seed, stream: "anchor sampling", index: UInt64(step))
    var regionDraws = SeededGenerator(seed: seed, stream: "region sampling", index: UInt64(step))
    load(images)
    try run { () throws(NetworkError) in try network.forward(stage: 0, training: true) }
    let targets = images.map {
      proposalLoss.targets($0.boxes, ignored: $0.ignored, recurs: !$0.isZoomed, using: &anchorDraws)
    }
    var candidates = images.indices.map { proposalSelection.proposals(outputs, image: $0, area: images[$0].area) }
    var summary = LossSummary()
    for (index, stage) in stages.enumerated() {
      let regions = images.indices.flatMap { image in
        stage.sampling.regions(
          candidates[image], image: image, boxes: images[image].boxes, labels: images[image].labels,
          ignored: images[image].ignored, using: &regionDraws)
      }
      try forward(index, regions.map { (image: $0.image, box: $0.box) }, training: true)
      stage.head.outputs.clearGradients()
      let found = try losses[index].evaluate(regions, stage.head.outputs)
      summary.classification += found.classification
      summary.boxes += found.boxes
      guard index + 1 < stages.count else {
        summary.masks = try maskLoss(regions, images)
        break
      }
      candidates = refined(regions, by: stage, images)
    }
    let proposal = proposalLoss.evaluate(outputs, targets: targets)
    (summary.objectness, summary.proposalBoxes) = (proposal.objectness, proposal.boxes)
    network.parameters.zeroGradients()
    try run { () throws(NetworkError) in try network.backward() }
    return summary
  }

  private func maskLoss(_ regions: [SampledRegion], _ images: [InputImage]) throws(DetectorError) -> Double {
    guard let maskStage else { return 0 }
    do { return try maskStage.loss(regions, images, in: network) } catch { throw .network(error.description) }
  }

  /// What a head makes of its regions, by image; ground truths among them are left out, as the next head adds them.
  private func refined(_ regions: [SampledRegion], by stage: RegionStage, _ images: [InputImage]) -> [[BoundingBox]] {
    var boxes = images.map { _ in [BoundingBox]() }
    for (row, region) in regions.enumerated() where !region.isGroundTruth {
      boxes[region.image].append(
        stage.box(row: row, label: 0, from: region.box, clippedTo: images[region.image].area))
    }
    return boxes
  }

  private func forward(
    _ index: Int, _ regions: [(image: Int, box: BoundingBox)], training: Bool
  ) throws(DetectorError) {
    stages[index].head.load(regions)
    try run { () throws(NetworkError) in try network.forward(stage: index + 1, training: training) }
  }

  func detect(_ images: [InputImage]) throws(DetectorError) -> [[Detection]] {
    load(images)
    try run { () throws(NetworkError) in try network.forward(stage: 0, training: false) }
    let regions = images.indices.flatMap { image in
      proposalSelection.proposals(outputs, image: image, area: images[image].area).map { (image: image, box: $0) }
    }
    var candidates = images.map { _ in ResultSelection.Candidates() }
    let capacity = stages[0].head.capacity
    for start in stride(from: 0, to: regions.count, by: capacity) {
      try classify(Array(regions[start..<min(start + capacity, regions.count)]), images, into: &candidates)
    }
    let detections = candidates.map(resultSelection.detections)
    guard let maskStage else { return detections }
    do { return try maskStage.masked(detections, in: network) } catch { throw .network(error.description) }
  }

  /// Runs regions through all heads: logits are the mean over the heads (as in mmdetection), boxes those of the last.
  private func classify(
    _ regions: [(image: Int, box: BoundingBox)], _ images: [InputImage],
    into candidates: inout [ResultSelection.Candidates]
  ) throws(DetectorError) {
    var regions = regions
    var logits = regions.map { _ in [Float](repeating: 0, count: shape.classes + 1) }
    for (index, stage) in stages.enumerated() {
      try forward(index, regions, training: false)
      let outputs = stage.head.outputs
      for row in regions.indices {
        for (label, logit) in outputs.logits(row: row).enumerated() {
          logits[row][label] += logit / Float(stages.count)
        }
      }
      guard index + 1 < stages.count else { break }
      for row in regions.indices {
        regions[row].box = stage.box(
          row: row, label: 0, from: regions[row].box, clippedTo: images[regions[row].image].area)
      }
    }
    guard let last = stages.last else { return }
    for (row, region) in regions.enumerated() {
      let area = images[region.image].area
      resultSelection.add(logits[row], area: area, to: &candidates[region.image]) { label in
        last.box(row: row, label: label, from: region.box, clippedTo: area)
      }
    }
  }
}
