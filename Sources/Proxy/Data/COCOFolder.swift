import Foundation

/// The COCO layout: `annotations/instances_<split>.json` with the pictures in `<split>/`; also with COCO's year, `train2017`.
enum COCOFolder {
  private static let suffixes = ["", "2017", "2014"]

  static func annotationFile(_ folder: URL, split: String) -> (url: URL, name: String, images: String)? {
    for suffix in suffixes {
      let name = "annotations/instances_\(split)\(suffix).json"
      let url = folder.appendingPathComponent(name)
      if FileBytes.exists(url) { return (url, name, split + suffix) }
    }
    return nil
  }

  static func isPresent(in folder: URL) -> Bool {
    ["train", "val", "test"].contains { annotationFile(folder, split: $0) != nil }
  }

  /// - Throws: `DatasetError` for files that are missing or malformed, or whose categories differ.
  static func read(_ folder: URL) throws(DatasetError) -> FolderAnnotations {
    var result = FolderAnnotations(classes: [], categoryIDs: [], splits: [], problems: [])
    for split in ["train", "val", "test"] {
      guard let file = annotationFile(folder, split: split) else {
        if split == "test" { continue }
        let path = folder.appendingPathComponent("annotations/instances_\(split).json").path
        throw .fileUnreadable(path: path, reason: "no such file")
      }
      let instances = try COCOInstances(contentsOf: file.url, name: file.name, masks: .whereUsable)
      try adopt(instances.categories, file: file.name, into: &result)
      result.problems += instances.problems
      result.splits.append(annotations(instances, folder: folder, split: split, images: file.images))
    }
    return result
  }

  private static func adopt(
    _ categories: [COCOCategory], file: String, into result: inout FolderAnnotations
  ) throws(DatasetError) {
    if result.splits.isEmpty {
      result.classes = categories.map(\.name)
      result.categoryIDs = categories.map(\.id)
    }
    for (index, category) in categories.enumerated() {
      guard index < result.classes.count, result.categoryIDs[index] == category.id,
        result.classes[index] == category.name
      else {
        throw .classesDiffer(file: file, reason: "category \(category.id) '\(category.name)' is not that of train")
      }
    }
    guard categories.count == result.classes.count else {
      throw .classesDiffer(file: file, reason: "\(categories.count) categories, train has \(result.classes.count)")
    }
  }

  private static func annotations(
    _ instances: COCOInstances, folder: URL, split: String, images imageFolder: String
  ) -> SplitAnnotations {
    let labels = Dictionary(
      zip(instances.categories.map(\.id), instances.categories.indices), uniquingKeysWith: { first, _ in first })
    var objects: [Int: [SplitAnnotations.Object]] = [:]
    for annotation in instances.annotations {
      guard let label = labels[annotation.categoryID] else { continue }
      objects[annotation.imageID, default: []].append(
        SplitAnnotations.Object(
          label: label, box: annotation.box, area: annotation.area, isCrowd: annotation.isCrowd,
          mask: annotation.mask, entry: annotation.entry))
    }
    let images = instances.images.map { image in
      let path = "\(imageFolder)/\(image.fileName)"
      let size = image.width.flatMap { width in image.height.map { (width: width, height: $0) } }
      return SplitAnnotations.Image(
        id: image.id, name: image.fileName, url: folder.appendingPathComponent(path), relativePath: path,
        declaredSize: size, file: instances.file, entry: image.entry, objects: objects[image.id] ?? [])
    }
    return SplitAnnotations(split: split, file: instances.file, images: images)
  }
}
