import Foundation

/// Detections in COCO's results form: an array of `{"image_id", "category_id", "bbox": [x, y, width, height], "score"}`,
/// for masks with `segmentation` besides or instead of `bbox`.
public struct COCOResultsFile: Sendable {
  /// In the order of the file, which decides ties.
  public let detections: [ScoredBox]
  /// Entries that do not count: a category that the ground truth does not list.
  public let problems: [DataProblem]

  /// - Parameters:
  ///   - kind: What is to be compared: `bbox` or `segmentation` must be there.
  ///   - name: What messages call the file; its path by default.
  /// - Throws: `DatasetError` naming file, entry and key; also for an image that the ground truth does not list, since
  ///   then the two files do not belong together.
  public init(
    contentsOf url: URL, groundTruth: COCOGroundTruth, comparing kind: OverlapKind = .boxes, name: String? = nil
  ) throws(DatasetError) {
    let file = name ?? url.path
    let top = try JSONEntry.read(url, name: file)
    guard case .array = top.value else {
      throw top.error(
        "", "is \(top.value.kind), expected an array of {image_id, category_id, \(Self.key(kind)), score}")
    }
    let images = Set(groundTruth.imageIDs)
    let categories = Set(groundTruth.categories.map(\.id))
    var detections: [ScoredBox] = []
    var problems: [DataProblem] = []
    let entries = try top.elements()
    let sizesAreBoxes = try entries.first.map { entry throws(DatasetError) in try Self.box(entry) != nil } ?? false
    for entry in entries {
      let imageID = try entry.required("image_id", "an integer").integer()
      let categoryID = try entry.required("category_id", "an integer").integer()
      guard images.contains(imageID) else {
        throw entry.error("image_id", "the ground truth has no image \(imageID)")
      }
      let detection =
        switch kind {
        case .boxes:
          ScoredBox(
            imageID: imageID, categoryID: categoryID, box: try entry.required("bbox", "4 numbers").box(),
            score: try entry.required("score", "a number").number())
        case .masks:
          try Self.masked(entry, imageID, categoryID, groundTruth.imageSizes[imageID], sizesAreBoxes: sizesAreBoxes)
        }
      if categories.contains(categoryID) {
        detections.append(detection)
      } else {
        problems.append(
          DataProblem(
            kind: .unknownCategory, file: file, entry: "\(entry.path).category_id",
            reason: "the ground truth has no category \(categoryID), the detection does not count",
            mend: "correct the id"))
      }
    }
    (self.detections, self.problems) = (detections, problems)
  }

  private static func key(_ kind: OverlapKind) -> String {
    switch kind {
    case .boxes: "bbox"
    case .masks: "segmentation"
    }
  }

  /// `bbox`, where it is there and no empty list.
  private static func box(_ entry: JSONEntry) throws(DatasetError) -> AnnotatedBox? {
    guard let box = try entry.member("bbox"), box.value.elements?.isEmpty != true else { return nil }
    return try box.box()
  }

  /// As pycocotools does it, small, medium and large go by the area of `bbox` if the first entry has one, else by that
  /// of the mask.
  private static func masked(
    _ entry: JSONEntry, _ imageID: Int, _ categoryID: Int, _ size: PictureSize?, sizesAreBoxes: Bool
  ) throws(DatasetError) -> ScoredBox {
    let segmentation = try entry.required("segmentation", "polygons or {size, counts}, which mask AP compares")
    guard let size else {
      throw segmentation.error("", "the ground truth gives image \(imageID) no width and height, which masks need")
    }
    let mask = try Segmentation(entry: segmentation, image: size).mask()
    let box = try Self.box(entry)
    return ScoredBox(
      imageID: imageID, categoryID: categoryID,
      box: box ?? mask.tightBox ?? AnnotatedBox(x: 0, y: 0, width: 0, height: 0),
      score: try entry.required("score", "a number").number(), mask: mask,
      area: (sizesAreBoxes ? box?.area : nil) ?? Double(mask.area))
  }
}
