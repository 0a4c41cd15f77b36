import Losses
import Networks
import Randomness

/// A two-stage detector (Faster R-CNN; Ren et al., 2015) of fixed batch and input size on one network of two stages.
///
/// Stage 0: pixels → feature pyramid → objectness and deltas of every anchor. Between the stages the proposals are
/// chosen. Stage 1: RoIAlign → two linear layers → classes + 1 logits and 4 · classes deltas for each region.
final class TwoStageDetector: Detector {
  let shape: DetectorShape
  let network: Network
  private let pyramid: FeaturePyramid
  private let head: BoxHead
  private let outputs: [ProposalOutputs]
  private let proposalLoss: ProposalLoss
  private let proposalSelection: ProposalSelection
  private let regionSampling: RegionSampling
  private let resultSelection: ResultSelection
  private var loss: BoxHeadLoss?

  /// Builds the layers; start weights are those of `seed`.
  init(_ shape: DetectorShape, seed: UInt64) throws(DetectorError) {
    self.shape = shape
    let settings = shape.settings
    try settings.validate()
    do {
      let builder = NetworkBuilder(batch: shape.batch)
      pyramid = try FeaturePyramid(settings.backbone, height: shape.height, width: shape.width, in: builder)
      let proposals = try ProposalHead(settings.proposals, levels: pyramid.levels, in: builder)
      builder.beginStage()
      head = try BoxHead(
        settings.head, levels: pyramid.levels, strides: settings.backbone.strides, classes: shape.classes,
        regions: shape.batch * settings.head.sampling.count, in: builder)
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
    regionSampling = RegionSampling(settings: settings.head, classes: shape.classes)
    resultSelection = ResultSelection(settings: settings.results, classes: shape.classes)
  }

  func use(_ losses: DetectionLosses) throws(DetectorError) {
    loss = try BoxHeadLoss(losses, classes: shape.classes)
  }

  func accumulateGradients(_ images: [InputImage], seed: UInt64, step: Int) throws(DetectorError) -> LossSummary {
    guard let loss else { throw .loss(place: "classification", problem: "none was set") }
    var anchorDraws = SeededGenerator(seed: seed, stream: "anchor sampling", index: UInt64(step))
    var regionDraws = SeededGenerator(seed: seed, stream: "region sampling", index: UInt64(step))
    load(images, into: pyramid.input)
    try run { () throws(NetworkError) in try network.forward(stage: 0, training: true) }
    var targets: [ProposalLoss.ImageTargets] = []
    var regions: [SampledRegion] = []
    for (index, image) in images.enumerated() {
      targets.append(proposalLoss.targets(image.boxes, ignored: image.ignored, using: &anchorDraws))
      let proposals = proposalSelection.proposals(outputs, image: index, area: image.area)
      regions += regionSampling.regions(
        proposals, image: index, boxes: image.boxes, labels: image.labels, ignored: image.ignored, using: &regionDraws)
    }
    head.load(regions.map { (image: $0.image, box: $0.box) })
    try run { () throws(NetworkError) in try network.forward(stage: 1, training: true) }
    let proposal = proposalLoss.evaluate(outputs, targets: targets)
    head.outputs.clearGradients()
    let second = try loss.evaluate(regions, head.outputs)
    network.parameters.zeroGradients()
    try run { () throws(NetworkError) in try network.backward() }
    return LossSummary(
      objectness: proposal.objectness, proposalBoxes: proposal.boxes, classification: second.classification,
      boxes: second.boxes)
  }

  func detect(_ images: [InputImage]) throws(DetectorError) -> [[Detection]] {
    load(images, into: pyramid.input)
    try run { () throws(NetworkError) in try network.forward(stage: 0, training: false) }
    var regions: [(image: Int, box: BoundingBox)] = []
    for (index, image) in images.enumerated() {
      regions += proposalSelection.proposals(outputs, image: index, area: image.area).map { (index, $0) }
    }
    var candidates = images.map { _ in ResultSelection.Candidates() }
    for start in stride(from: 0, to: regions.count, by: head.capacity) {
      let chunk = Array(regions[start..<min(start + head.capacity, regions.count)])
      head.load(chunk)
      try run { () throws(NetworkError) in try network.forward(stage: 1, training: false) }
      for (row, region) in chunk.enumerated() {
        resultSelection.add(
          region.box, logits: head.outputs.logits(row: row), deltas: head.outputs.deltas(row: row),
          area: images[region.image].area, to: &candidates[region.image])
      }
    }
    return candidates.map(resultSelection.detections)
  }
}
