extension DetectionDataset {
  /// Refuses data that a detector cannot learn masks from.
  ///
  /// - Throws: `data` naming the first object without a mask; crowds need none.
  public func requireMasks(for kind: DetectorKind) throws(DetectorError) {
    guard kind.findsMasks else { return }
    for image in images {
      if let index = image.trainable.first(where: { image.originalMasks[$0] == nil }) {
        throw .data(
          problem: "\(image.name): object \(index + 1) (\(classes[image.labels[index]])) has no mask, which "
            + "\(kind.rawValue) learns from; give every annotation a segmentation (COCO layout), or take another detector"
        )
      }
    }
  }
}
