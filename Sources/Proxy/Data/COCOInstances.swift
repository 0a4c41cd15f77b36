import Foundation

/// A COCO instances file as written: images, annotations, categories; checked for form, not against the pictures.
public struct COCOInstances: Sendable {
  public struct Image: Sendable {
    public let id: Int
    public let fileName: String
    /// Pixels; nil when the file does not say.
    public let width: Int?
    public let height: Int?
    let entry: String

    /// Nil when the file does not say, or nonsense.
    var size: PictureSize? {
      width.flatMap { width in height.flatMap { PictureSize(width: width, height: $0) } }
    }
  }

  /// What is read of the annotations' `segmentation`.
  public enum MaskReading: Sendable {
    /// Nothing; boxes do not need it.
    case passedOver
    /// Whatever can be read; a broken one is a problem, and its annotation stays without a mask.
    case whereUsable
    /// Every annotation has one, else the reading ends with an error.
    case required
  }

  public struct Annotation: Sendable {
    public let imageID: Int
    public let categoryID: Int
    public let box: AnnotatedBox
    /// As written, else width · height of the box.
    public let area: Double
    public let isCrowd: Bool
    /// From `segmentation`, in pixels of the image.
    public let mask: InstanceMask?
    let entry: String
  }

  /// What messages call the file.
  public let file: String
  public private(set) var images: [Image] = []
  public private(set) var annotations: [Annotation] = []
  /// In ascending order of id.
  public private(set) var categories: [COCOCategory] = []
  /// Entries that were left out or mended.
  public private(set) var problems: [DataProblem] = []

  private let reading: MaskReading

  /// - Throws: `DatasetError` that names file, entry and key when the file is unreadable, no JSON or not of the form.
  public init(contentsOf url: URL, name: String? = nil, masks: MaskReading = .passedOver) throws(DatasetError) {
    file = name ?? url.path
    reading = masks
    let top = try JSONEntry.read(url, name: file)
    try readCategories(top)
    try readImages(top)
    try readAnnotations(top)
  }

  /// What a COCO evaluation needs, exactly as written: boxes are not clipped.
  public var groundTruth: COCOGroundTruth {
    COCOGroundTruth(
      imageIDs: images.map(\.id), categories: categories,
      boxes: annotations.map {
        GroundTruthBox(
          imageID: $0.imageID, categoryID: $0.categoryID, box: $0.box, area: $0.area, isCrowd: $0.isCrowd,
          mask: $0.mask)
      },
      imageSizes: Dictionary(
        images.compactMap { image in image.size.map { (image.id, $0) } }, uniquingKeysWith: { first, _ in first }))
  }

  private mutating func report(_ kind: DataProblem.Kind, _ entry: String, _ reason: String, _ mend: String) {
    problems.append(DataProblem(kind: kind, file: file, entry: entry, reason: reason, mend: mend))
  }

  private mutating func readCategories(_ top: JSONEntry) throws(DatasetError) {
    var seen: Set<Int> = []
    for entry in try top.required("categories", "an array of {id, name}").elements() {
      let id = try entry.required("id", "an integer").integer()
      guard seen.insert(id).inserted else {
        report(.duplicateID, entry.path, "category id \(id) stands twice, this one is left out", "give each its own id")
        continue
      }
      var name = try entry.member("name")?.text() ?? ""
      if name.allSatisfy(\.isWhitespace) {
        name = "class-\(id)"
        report(.unnamedClass, "\(entry.path).name", "category \(id) has no name, it is called \(name)", "name it")
      }
      categories.append(COCOCategory(id: id, name: name))
    }
    guard !categories.isEmpty else { throw top.error("categories", "holds no category") }
    categories.sort { $0.id < $1.id }
  }

  private mutating func readImages(_ top: JSONEntry) throws(DatasetError) {
    var seen: Set<Int> = []
    for entry in try top.required("images", "an array of {id, file_name, width, height}").elements() {
      let id = try entry.required("id", "an integer").integer()
      let name = try entry.required("file_name", "a text").text()
      guard seen.insert(id).inserted else {
        report(.duplicateID, entry.path, "image id \(id) stands twice, \(name) is left out", "give each its own id")
        continue
      }
      let width = try entry.member("width")?.integer()
      let height = try entry.member("height")?.integer()
      images.append(Image(id: id, fileName: name, width: width, height: height, entry: entry.path))
    }
  }

  private mutating func readAnnotations(_ top: JSONEntry) throws(DatasetError) {
    let knownImages = Dictionary(images.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let knownCategories = Set(categories.map(\.id))
    var seen: Set<Int> = []
    for entry in try top.required("annotations", "an array of {image_id, category_id, bbox}").elements() {
      if let id = try entry.member("id")?.integer(), !seen.insert(id).inserted {
        report(.duplicateID, entry.path, "annotation id \(id) stands twice, this one is left out", "remove one of them")
        continue
      }
      let annotation = try Self.annotation(entry)
      guard let image = knownImages[annotation.imageID] else {
        let reason = "no image has the id \(annotation.imageID), the box is left out"
        report(.unknownImage, "\(entry.path).image_id", reason, "add the image or remove the box")
        continue
      }
      guard knownCategories.contains(annotation.categoryID) else {
        let reason = "no category has the id \(annotation.categoryID), the box is left out"
        report(.unknownCategory, "\(entry.path).category_id", reason, "add the category or correct the id")
        continue
      }
      annotations.append(annotation.with(try mask(entry, of: image)))
    }
  }

  private static func annotation(_ entry: JSONEntry) throws(DatasetError) -> Annotation {
    let box = try entry.required("bbox", "4 numbers").box()
    let area = try entry.member("area")?.number() ?? box.area
    let isCrowd = try entry.member("iscrowd")?.flag() ?? false
    return Annotation(
      imageID: try entry.required("image_id", "an integer").integer(),
      categoryID: try entry.required("category_id", "an integer").integer(), box: box, area: area, isCrowd: isCrowd,
      mask: nil, entry: entry.path)
  }

  private mutating func mask(_ entry: JSONEntry, of image: Image) throws(DatasetError) -> InstanceMask? {
    switch reading {
    case .passedOver: return nil
    case .required:
      let segmentation = try entry.required("segmentation", "polygons or run lengths, which mask AP compares")
      return try Self.mask(segmentation, of: image)
    case .whereUsable:
      // Boxes without masks carry an empty list.
      guard let segmentation = try entry.member("segmentation"), segmentation.value.elements?.isEmpty != true else {
        return nil
      }
      do throws(DatasetError) {
        return try Self.mask(segmentation, of: image)
      } catch {
        let (place, reason) = error.place ?? (entry: segmentation.path, reason: error.description)
        report(.badMask, place, "\(reason); the box stays without a mask", "correct the segmentation")
        return nil
      }
    }
  }

  private static func mask(_ segmentation: JSONEntry, of image: Image) throws(DatasetError) -> InstanceMask {
    guard let size = image.size else {
      throw segmentation.error("", "\(image.entry) gives no width and height of at least 1, which masks need")
    }
    return try Segmentation(entry: segmentation, image: size).mask()
  }
}

extension COCOInstances.Annotation {
  fileprivate func with(_ mask: InstanceMask?) -> COCOInstances.Annotation {
    COCOInstances.Annotation(
      imageID: imageID, categoryID: categoryID, box: box, area: area, isCrowd: isCrowd, mask: mask, entry: entry)
  }
}
