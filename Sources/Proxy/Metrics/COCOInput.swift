/// A class as COCO's annotation file lists it.
public struct COCOCategory: Hashable, Sendable, Codable {
  public let id: Int
  public let name: String

  public init(id: Int, name: String) {
    (self.id, self.name) = (id, name)
  }
}

/// One annotated box for scoring, in pixels of the original image.
public struct GroundTruthBox: Hashable, Sendable {
  public let imageID: Int
  public let categoryID: Int
  public let box: AnnotatedBox
  /// What decides small, medium and large: the annotation's own `area`, not width · height.
  public let area: Double
  public let isCrowd: Bool
  /// In pixels of the original image; only scoring masks needs it.
  public let mask: InstanceMask?

  public init(
    imageID: Int, categoryID: Int, box: AnnotatedBox, area: Double, isCrowd: Bool, mask: InstanceMask? = nil
  ) {
    (self.imageID, self.categoryID, self.box) = (imageID, categoryID, box)
    (self.area, self.isCrowd, self.mask) = (area, isCrowd, mask)
  }
}

/// One detection for scoring, in pixels of the original image.
public struct ScoredBox: Hashable, Sendable {
  public let imageID: Int
  public let categoryID: Int
  public let box: AnnotatedBox
  /// Finite; ties are broken by the place in the list.
  public let score: Double
  /// In pixels of the original image; only scoring masks needs it.
  public let mask: InstanceMask?
  /// What puts an unmatched detection among small, medium or large.
  public let area: Double

  /// - Parameter area: width · height of the box unless given.
  public init(
    imageID: Int, categoryID: Int, box: AnnotatedBox, score: Double, mask: InstanceMask? = nil, area: Double? = nil
  ) {
    (self.imageID, self.categoryID, self.box, self.score) = (imageID, categoryID, box, score)
    (self.mask, self.area) = (mask, area ?? box.area)
  }
}

/// What an evaluation is held against.
public struct COCOGroundTruth: Sendable {
  /// In any order; scored by ascending id.
  public var imageIDs: [Int]
  public var categories: [COCOCategory]
  public var boxes: [GroundTruthBox]
  /// By image id, where known.
  public var imageSizes: [Int: PictureSize]

  public init(
    imageIDs: [Int], categories: [COCOCategory], boxes: [GroundTruthBox], imageSizes: [Int: PictureSize] = [:]
  ) {
    (self.imageIDs, self.categories, self.boxes) = (imageIDs, categories, boxes)
    self.imageSizes = imageSizes
  }
}

/// What detections and ground truths are compared by.
public enum OverlapKind: String, Sendable, CaseIterable {
  case boxes = "bbox"
  /// Those without a mask overlap nothing.
  case masks = "segm"
}
