/// COCO average precision of boxes or masks, in agreement with pycocotools (Lin et al., 2014; COCO detection evaluation).
///
/// One known slip of pycocotools is not repeated: there an annotation with id 0 can never be matched.
public enum COCOEvaluation {
  /// The three limits on detections for an image and class that AR1, AR10 and AR100 use.
  static let detectionLimits = [1, 10, 100]

  /// Scores detections against annotated objects; entries whose image or category the ground truth does not list do not count.
  ///
  /// Time is proportional to detections · ground truths of the same image and class.
  public static func evaluate(
    groundTruth: COCOGroundTruth, detections: [ScoredBox], comparing kind: OverlapKind = .boxes
  ) -> COCOResult {
    let images = Array(Set(groundTruth.imageIDs)).sorted()
    let categories = groundTruth.categories.sorted { $0.id < $1.id }
    let imageIndex = Dictionary(zip(images, images.indices), uniquingKeysWith: { first, _ in first })
    let categoryIndex = Dictionary(
      zip(categories.map(\.id), categories.indices), uniquingKeysWith: { first, _ in first })
    func cell(_ image: Int, _ category: Int) -> Int? {
      guard let row = categoryIndex[category], let column = imageIndex[image] else { return nil }
      return row * images.count + column
    }
    var truths = [[GroundTruthBox]](repeating: [], count: categories.count * images.count)
    for box in groundTruth.boxes {
      if let place = cell(box.imageID, box.categoryID) { truths[place].append(box) }
    }
    var found = [[ScoredBox]](repeating: [], count: truths.count)
    for box in detections {
      if let place = cell(box.imageID, box.categoryID) { found[place].append(box) }
    }
    let accumulations = categories.indices.map { category in
      let matchings = images.indices.compactMap { image -> COCOMatching? in
        let place = category * images.count + image
        if truths[place].isEmpty && found[place].isEmpty { return nil }
        return COCOMatching(
          groundTruths: truths[place], detections: found[place], comparing: kind,
          maxDetections: detectionLimits.last ?? 100)
      }
      return ClassAccumulation(matchings: matchings)
    }
    return COCOResult(categories: categories, accumulations: accumulations)
  }
}

extension COCOEvaluation {
  /// Scores a detector's output: `detections[i]` belongs to `dataset.images[i]`, in pixels of the detector's input, any
  /// order. Boxes and masks are mapped back to the original image first; detections with a score that is not finite do
  /// not count.
  public static func evaluate(
    dataset: DetectionDataset, detections: [[Detection]], comparing kind: OverlapKind = .boxes
  ) -> COCOResult {
    evaluate(
      groundTruth: dataset.groundTruth, detections: scored(detections, of: dataset, comparing: kind), comparing: kind)
  }

  /// Detections in pixels of the original images, in order; with their masks where these are compared.
  static func scored(
    _ detections: [[Detection]], of dataset: DetectionDataset, comparing kind: OverlapKind = .boxes
  ) -> [ScoredBox] {
    zip(dataset.images, detections).flatMap { image, found in
      found.compactMap { detection in
        guard detection.score.isFinite, dataset.classes.indices.contains(detection.label) else { return nil }
        let mask =
          switch kind {
          case .boxes: InstanceMask?.none
          case .masks: detection.mask(in: image.placement)
          }
        return ScoredBox(
          imageID: image.id, categoryID: dataset.categoryIDs[detection.label],
          box: image.placement.original(detection.box), score: Double(detection.score), mask: mask,
          area: mask.map { Double($0.area) })
      }
    }
  }
}

extension DetectionDataset {
  /// The annotations in original pixels, as an evaluation wants them.
  public var groundTruth: COCOGroundTruth {
    COCOGroundTruth(
      imageIDs: images.map(\.id), categories: zip(categoryIDs, classes).map { COCOCategory(id: $0, name: $1) },
      boxes: images.flatMap { image in
        image.boxes.indices.map { index in
          GroundTruthBox(
            imageID: image.id, categoryID: categoryIDs[image.labels[index]], box: image.originalBoxes[index],
            area: image.areas[index], isCrowd: image.isCrowd[index], mask: image.originalMasks[index])
        }
      })
  }
}
