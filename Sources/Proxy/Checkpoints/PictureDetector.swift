import Foundation

/// A trained detector on pictures of any size. One thread uses it.
public final class PictureDetector {
  /// One object found in a picture.
  public struct Finding: Hashable, Sendable {
    /// Index into the checkpoint's classes.
    public let label: Int
    public let score: Double
    /// In pixels of the picture.
    public let box: AnnotatedBox
    /// The pixels of the picture that belong to it, where the detector finds masks.
    public let mask: InstanceMask?
  }

  private let checkpoint: Checkpoint
  private let trainer: DetectionTrainer

  /// - Throws: `DetectorError` when the checkpoint's settings make no detector.
  public init(_ checkpoint: Checkpoint) throws(DetectorError) {
    self.checkpoint = checkpoint
    trainer = try DetectionTrainer(detector: checkpoint.detector)
  }

  /// What is in a picture, best first, with a score of at least `threshold`.
  public func detect(in picture: RGBImage, threshold: Double = 0) throws(DetectorError) -> [Finding] {
    let (height, width) = (checkpoint.height, checkpoint.width)
    let placement = ImagePlacement(
      originalWidth: picture.width, originalHeight: picture.height, height: height, width: width)
    let content = ImageResizer.resize(picture, to: placement)
    let image = DetectionImage(
      id: 1, name: "picture", pixels: ImageResizer.pad(content, height: height, width: width), placement: placement,
      boxes: [], labels: [], isCrowd: [], areas: [], originalBoxes: [])
    let data = DetectionDataset(
      classes: checkpoint.classes, categoryIDs: checkpoint.categoryIDs, images: [image])
    let found = try trainer.detect(checkpoint.trained, in: data, imagesPerBatch: 1).first ?? []
    return found.compactMap { detection in
      guard detection.score.isFinite, Double(detection.score) >= threshold,
        checkpoint.classes.indices.contains(detection.label)
      else { return nil }
      return Finding(
        label: detection.label, score: Double(detection.score), box: placement.original(detection.box),
        mask: detection.mask(in: placement))
    }
  }
}
