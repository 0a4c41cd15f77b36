import Foundation

/// Detections in COCO's results form: an array of `{"image_id", "category_id", "bbox": [x, y, width, height], "score"}`.
public struct COCOResultsFile: Sendable {
  /// In the order of the file, which decides ties.
  public let detections: [ScoredBox]
  /// Entries that do not count: a category that the ground truth does not list.
  public let problems: [DataProblem]

  /// - Parameter name: What messages call the file; its path by default.
  /// - Throws: `DatasetError` naming file, entry and key; also for an image that the ground truth does not list, since
  ///   then the two files do not belong together.
  public init(contentsOf url: URL, groundTruth: COCOGroundTruth, name: String? = nil) throws(DatasetError) {
    let file = name ?? url.path
    let top = try JSONEntry.read(url, name: file)
    guard case .array = top.value else {
      throw top.error("", "is \(top.value.kind), expected an array of {image_id, category_id, bbox, score}")
    }
    let images = Set(groundTruth.imageIDs)
    let categories = Set(groundTruth.categories.map(\.id))
    var detections: [ScoredBox] = []
    var problems: [DataProblem] = []
    for entry in try top.elements() {
      let detection = ScoredBox(
        imageID: try entry.required("image_id", "an integer").integer(),
        categoryID: try entry.required("category_id", "an integer").integer(),
        box: try entry.required("bbox", "4 numbers; only boxes are scored").box(),
        score: try entry.required("score", "a number").number())
      guard images.contains(detection.imageID) else {
        throw entry.error("image_id", "the ground truth has no image \(detection.imageID)")
      }
      if categories.contains(detection.categoryID) {
        detections.append(detection)
      } else {
        problems.append(
          DataProblem(
            kind: .unknownCategory, file: file, entry: "\(entry.path).category_id",
            reason: "the ground truth has no category \(detection.categoryID), the detection does not count",
            mend: "correct the id"))
      }
    }
    (self.detections, self.problems) = (detections, problems)
  }
}
