import Randomness

/// A box of an image that the second stage looks at, with what it is to find there.
public struct SampledRegion: Hashable, Sendable {
  /// Index of the image in the batch.
  public var image: Int
  /// In pixels of the input.
  public var box: BoundingBox
  /// Class from 0; the number of classes stands for background.
  public var label: Int
  /// The ground truth to reach; nil for background.
  public var target: BoundingBox?
  /// Index of that ground truth among its image's boxes, where known; nil for background.
  public var groundTruth: Int?
  /// Factor of its classification loss; 0 takes it out of that loss.
  public var weight: Float
  /// Whether it is a ground truth that joined the proposals, and no proposal.
  public var isGroundTruth: Bool

  public init(
    image: Int, box: BoundingBox, label: Int, target: BoundingBox? = nil, groundTruth: Int? = nil, weight: Float = 1,
    isGroundTruth: Bool = false
  ) {
    (self.image, self.box, self.label) = (image, box, label)
    (self.target, self.groundTruth) = (target, groundTruth)
    (self.weight, self.isGroundTruth) = (weight, isGroundTruth)
  }
}

/// Chooses the proposals that the second stage learns from (mmdetection's MaxIoUAssigner and RandomSampler).
struct RegionSampling {
  let sampling: RandomSampler
  let assigner: MaxIoUAssigner
  /// Number of classes without the background.
  let classes: Int

  /// The sampled regions of one image, objects first. Ground truths join the proposals after those have been matched, so that
  /// there are objects from the first step on, and each stands for itself wherever it lies.
  func regions(
    _ proposals: [BoundingBox], image: Int, boxes: [BoundingBox], labels: [Int], ignored: [BoundingBox],
    using generator: inout SeededGenerator
  ) -> [SampledRegion] {
    let candidates = boxes + proposals
    let matches =
      boxes.indices.map { Match.object($0) }
      + assigner.assign(proposals, groundTruths: boxes, ignored: ignored).matches
    let sample = sampling.sample(matches, using: &generator)
    let objects = sample.positives.compactMap { index in
      matches[index].groundTruth.map {
        SampledRegion(
          image: image, box: candidates[index], label: labels[$0], target: boxes[$0], groundTruth: $0,
          isGroundTruth: index < boxes.count)
      }
    }
    return objects + sample.negatives.map { SampledRegion(image: image, box: candidates[$0], label: classes) }
  }
}
