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
  }

  public struct Annotation: Sendable {
    public let imageID: Int
    public let categoryID: Int
    public let box: AnnotatedBox
    /// As written, else width · height of the box.
    public let area: Double
    public let isCrowd: Bool
    /// Where `segmentation` is an uncompressed run-length mask.
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

  /// - Throws: `DatasetError` that names file, entry and key when the file is unreadable, no JSON or not of the form.
  public init(contentsOf url: URL, name: String? = nil) throws(DatasetError) {
    file = name ?? url.path
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
          imageID: $0.imageID, categoryID: $0.categoryID, box: $0.box, area: $0.area, isCrowd: $0.isCrowd)
      })
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
    let knownImages = Set(images.map(\.id))
    let knownCategories = Set(categories.map(\.id))
    var seen: Set<Int> = []
    for entry in try top.required("annotations", "an array of {image_id, category_id, bbox}").elements() {
      if let id = try entry.member("id")?.integer(), !seen.insert(id).inserted {
        report(.duplicateID, entry.path, "annotation id \(id) stands twice, this one is left out", "remove one of them")
        continue
      }
      let annotation = try Self.annotation(entry)
      guard knownImages.contains(annotation.imageID) else {
        let reason = "no image has the id \(annotation.imageID), the box is left out"
        report(.unknownImage, "\(entry.path).image_id", reason, "add the image or remove the box")
        continue
      }
      guard knownCategories.contains(annotation.categoryID) else {
        let reason = "no category has the id \(annotation.categoryID), the box is left out"
        report(.unknownCategory, "\(entry.path).category_id", reason, "add the category or correct the id")
        continue
      }
      annotations.append(annotation)
    }
  }

  private static func annotation(_ entry: JSONEntry) throws(DatasetError) -> Annotation {
    let box = try entry.required("bbox", "4 numbers").box()
    let area = try entry.member("area")?.number() ?? box.area
    let isCrowd = try entry.member("iscrowd")?.flag() ?? false
    return Annotation(
      imageID: try entry.required("image_id", "an integer").integer(),
      categoryID: try entry.required("category_id", "an integer").integer(), box: box, area: area, isCrowd: isCrowd,
      mask: try mask(entry), entry: entry.path)
  }

  /// Uncompressed run lengths only; polygons and compressed masks are passed over, boxes do not need them.
  private static func mask(_ entry: JSONEntry) throws(DatasetError) -> InstanceMask? {
    guard let segmentation = try entry.member("segmentation"), case .object = segmentation.value,
      let counts = try segmentation.member("counts"), case .array = counts.value
    else { return nil }
    let size = try segmentation.required("size", "2 integers (height, width)").elements()
    guard size.count == 2 else { throw segmentation.error("size", "\(size.count) numbers, expected 2 (height, width)") }
    var runs: [Int] = []
    for run in try counts.elements() { runs.append(try run.integer()) }
    guard let mask = InstanceMask(width: try size[1].integer(), height: try size[0].integer(), counts: runs) else {
      throw segmentation.error("counts", "the runs do not sum to height x width")
    }
    return mask
  }
}
