import JSONValues

/// Ground truth and detections of a data set as COCO's files, in pixels of the original images.
public enum COCOText {
  /// COCO results: an array of `{"image_id", "category_id", "bbox": [x, y, width, height], "score"}`,
  /// with a `"segmentation"` where the detector found a mask.
  ///
  /// `detections[i]` belongs to `dataset.images[i]`, in pixels of the detector's input.
  public static func results(_ detections: [[Detection]], of dataset: DetectionDataset) -> String {
    let entries = COCOEvaluation.scored(detections, of: dataset, comparing: .masks).map { found in
      "{\"image_id\":\(found.imageID),\"category_id\":\(found.categoryID),\"bbox\":\(numbers(found.box)),"
        + "\"score\":\(JSONText.number(found.score))\(segmentation(found.mask))}"
    }
    return "[\n" + entries.joined(separator: ",\n") + "\n]\n"
  }

  /// COCO instances: what the results are scored against.
  public static func groundTruth(_ dataset: DetectionDataset) -> String {
    let truth = dataset.groundTruth
    let images = dataset.images.map {
      "{\"id\":\($0.id),\"file_name\":\(JSONText.string($0.name)),\"width\":\($0.placement.originalWidth),"
        + "\"height\":\($0.placement.originalHeight)}"
    }
    let categories = truth.categories.map { "{\"id\":\($0.id),\"name\":\(JSONText.string($0.name))}" }
    let boxes = truth.boxes.enumerated().map { index, box in
      "{\"id\":\(index + 1),\"image_id\":\(box.imageID),\"category_id\":\(box.categoryID),"
        + "\"bbox\":\(numbers(box.box)),\"area\":\(JSONText.number(box.area)),\"iscrowd\":\(box.isCrowd ? 1 : 0)\(segmentation(box.mask))}"
    }
    return "{\"images\":[\n" + images.joined(separator: ",\n") + "],\n\"categories\":["
      + categories.joined(separator: ",") + "],\n\"annotations\":[\n" + boxes.joined(separator: ",\n") + "]}\n"
  }

  /// COCO's compressed run lengths as a further member; empty without a mask.
  private static func segmentation(_ mask: InstanceMask?) -> String {
    guard let mask else { return "" }
    return
      ",\"segmentation\":{\"size\":[\(mask.height),\(mask.width)],\"counts\":\(JSONText.string(mask.compressedCounts))}"
  }

  private static func numbers(_ box: AnnotatedBox) -> String {
    "[" + [box.x, box.y, box.width, box.height].map { JSONText.number($0) }.joined(separator: ",") + "]"
  }
}
