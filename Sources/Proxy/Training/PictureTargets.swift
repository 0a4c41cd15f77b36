/// What a picture shows, in pixels of the input: as it is and mirrored, made once, so that a training step makes no lists.
struct PictureTargets: Hashable, Sendable {
  let labels: [Int]
  /// In pixels of the original; nil where the data has none.
  let masks: [InstanceMask?]
  private let boxes, mirroredBoxes: [BoundingBox]
  /// Crowd regions, which hold objects without boxes.
  private let crowds, mirroredCrowds: [BoundingBox]

  /// Of parallel arrays; `width` is that of the picture in the input, without the padding.
  init(boxes: [BoundingBox], labels: [Int], isCrowd: [Bool], masks: [InstanceMask?], width: Float) {
    let trainable = boxes.indices.filter { !isCrowd[$0] }
    self.labels = trainable.map { labels[$0] }
    self.masks = trainable.map { masks[$0] }
    self.boxes = trainable.map { boxes[$0] }
    crowds = boxes.indices.filter { isCrowd[$0] }.map { boxes[$0] }
    mirroredBoxes = self.boxes.map { $0.flippedHorizontally(imageWidth: width) }
    mirroredCrowds = crowds.map { $0.flippedHorizontally(imageWidth: width) }
  }

  /// The boxes that are learned, parallel to `labels`.
  func boxes(isFlipped: Bool) -> [BoundingBox] { isFlipped ? mirroredBoxes : boxes }

  /// The regions that are left out.
  func crowds(isFlipped: Bool) -> [BoundingBox] { isFlipped ? mirroredCrowds : crowds }
}
