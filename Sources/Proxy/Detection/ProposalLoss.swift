import Networks
import Randomness

/// The proposal network's own losses: binary cross entropy of the objectness, L1 of the deltas (Ren et al., 2015, eq. 1).
///
/// Both are sums over sampled anchors divided by the number of sampled anchors of the whole batch, as in mmdetection.
package struct ProposalLoss {
  let settings: ProposalSettings
  let anchors: PyramidAnchors
  private let matching: AnchorMatching

  package init(settings: ProposalSettings, anchors: PyramidAnchors) {
    (self.settings, self.anchors) = (settings, anchors)
    matching = AnchorMatching(assigner: settings.assigner, anchors: anchors.boxes)
  }

  /// The anchors of one image that take part, with the box that each object anchor is to reach.
  package struct ImageTargets {
    package var objects: [(anchor: Int, target: BoundingBox)]
    package var background: [Int]
  }

  /// Samples the anchors of one image.
  ///
  /// - Parameters:
  ///   - ignored: regions that are neither object nor background.
  ///   - recurs: whether the same image may come again, so that its matches are worth remembering.
  package func targets(
    _ boxes: [BoundingBox], ignored: [BoundingBox], recurs: Bool = true, using generator: inout SeededGenerator
  ) -> ImageTargets {
    let matches = matching.matches(boxes, ignored: ignored, recurs: recurs)
    let sample = settings.sampling.sample(
      objects: matches.objects, background: matches.background, using: &generator)
    let objects = sample.positives.compactMap { anchor in
      matches.groundTruths[anchor].map { (anchor: anchor, target: boxes[$0]) }
    }
    return ImageTargets(objects: objects, background: sample.negatives)
  }

  /// The weighted losses of a batch; writes the gradients of all outputs in full.
  package func evaluate(_ outputs: [ProposalOutputs], targets: [ImageTargets]) -> (objectness: Double, boxes: Double) {
    for output in outputs {
      output.objectnessGradient.update(repeating: 0)
      output.deltasGradient.update(repeating: 0)
    }
    let sampled = targets.reduce(0) { $0 + $1.objects.count + $1.background.count }
    let scale = settings.lossWeight / Float(max(sampled, 1))
    var losses = (objectness: 0.0, boxes: 0.0)
    for (image, target) in targets.enumerated() {
      for anchor in target.background {
        losses.objectness += addObjectness(outputs, image: image, anchor: anchor, isObject: false, scale: scale)
      }
      for (anchor, box) in target.objects {
        losses.objectness += addObjectness(outputs, image: image, anchor: anchor, isObject: true, scale: scale)
        losses.boxes += addBox(outputs, image: image, anchor: anchor, target: box, scale: scale)
      }
    }
    return losses
  }

  /// Level and place inside its output buffers of an anchor of an image.
  private func place(image: Int, anchor: Int) -> (level: Int, place: Int) {
    let level = anchor >= anchors.levels[1].start ? 1 : 0
    let shape = anchors.levels[level]
    return (level, image * shape.count + anchor - shape.start)
  }

  private func addObjectness(
    _ outputs: [ProposalOutputs], image: Int, anchor: Int, isObject: Bool, scale: Float
  ) -> Double {
    let (level, place) = place(image: image, anchor: anchor)
    let (logit, wanted): (Float, Float) = (outputs[level].objectness[place], isObject ? 1 : 0)
    outputs[level].objectnessGradient[place] = BinaryCrossEntropy.slope(logit, target: wanted) * scale
    return Double(BinaryCrossEntropy.value(logit, target: wanted) * scale)
  }

  private func addBox(
    _ outputs: [ProposalOutputs], image: Int, anchor: Int, target: BoundingBox, scale: Float
  ) -> Double {
    let (level, place) = place(image: image, anchor: anchor)
    let wanted = DeltaCoder.proposals.encode(target, anchor: anchors.boxes[anchor])
    let found = outputs[level].deltas(at: place)
    let differences = [found.dx - wanted.dx, found.dy - wanted.dy, found.dw - wanted.dw, found.dh - wanted.dh]
    var loss: Float = 0
    for (side, difference) in differences.enumerated() {
      loss += abs(difference)
      outputs[level].deltasGradient[4 * place + side] =
        difference == 0 ? 0 : (difference > 0 ? scale : -scale)
    }
    return Double(loss * scale)
  }
}
