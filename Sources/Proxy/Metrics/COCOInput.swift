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

  public init(imageID: Int, categoryID: Int, box: AnnotatedBox, area: Double, isCrowd: Bool) {
    (self.imageID, self.categoryID, self.box) = (imageID, categoryID, box)
    (self.area, self.isCrowd) = (area, isCrowd)
  }
}

/// One detection for scoring, in pixels of the original image.
public struct ScoredBox: Hashable, Sendable {
  public let imageID: Int
  public let categoryID: Int
  public let box: AnnotatedBox
  /// Finite; ties are broken by the place in the list.
  public let score: Double

  public init(imageID: Int, categoryID: Int, box: AnnotatedBox, score: Double) {
    (self.imageID, self.categoryID, self.box, self.score) = (imageID, categoryID, box, score)
  }
}

/// What an evaluation is held against.
public struct COCOGroundTruth: Sendable {
  /// In any order; scored by ascending id.
  public var imageIDs: [Int]
  public var categories: [COCOCategory]
  public var boxes: [GroundTruthBox]

  public init(imageIDs: [Int], categories: [COCOCategory], boxes: [GroundTruthBox]) {
    (self.imageIDs, self.categories, self.boxes) = (imageIDs, categories, boxes)
  }
}
