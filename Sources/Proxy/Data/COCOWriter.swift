import Foundation
import JSONValues

/// Writes a data set in the COCO layout that `DatasetReader` opens: PNG pictures at the detector's input size, boxes and
/// areas in their pixels, masks as uncompressed run lengths.
public enum COCOWriter {
  /// train, val and test are search-train, search-val and hold-out.
  ///
  /// - Throws: `unwritable` naming the file; also when the folder already holds annotations, which are never replaced.
  public static func write(_ splits: DetectionSplits, to folder: URL) throws(DatasetError) {
    let annotations = folder.appendingPathComponent("annotations")
    guard !FileBytes.exists(annotations) else {
      throw .unwritable(path: annotations.path, reason: "it exists already")
    }
    try createFolder(annotations)
    for (name, part) in [("train", splits.searchTrain), ("val", splits.searchValidation), ("test", splits.holdOut)] {
      let pictures = folder.appendingPathComponent(name)
      try createFolder(pictures)
      for image in part.images {
        let url = pictures.appendingPathComponent(image.name)
        guard let bytes = PNGWriter.encode(image.pixels) else {
          throw .unwritable(path: url.path, reason: "libpng cannot encode the picture")
        }
        try write(bytes, to: url)
      }
      try write(
        Array(instances(part, description: splits.name).utf8),
        to: annotations.appendingPathComponent("instances_\(name).json"))
    }
  }

  private static func createFolder(_ url: URL) throws(DatasetError) {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: url.path, reason: FileBytes.reason(error))
    }
  }

  private static func write(_ bytes: [UInt8], to url: URL) throws(DatasetError) {
    do {
      try Data(bytes).write(to: url, options: .atomic)
    } catch {
      throw .unwritable(path: url.path, reason: FileBytes.reason(error))
    }
  }

  /// The text of an instances file; annotation ids count from 1.
  static func instances(_ dataset: DetectionDataset, description: String) -> String {
    let images = dataset.images.map {
      "{\"id\":\($0.id),\"file_name\":\(JSONText.string($0.name)),\"width\":\($0.width),\"height\":\($0.height)}"
    }
    var annotations: [String] = []
    for image in dataset.images {
      for index in image.boxes.indices {
        annotations.append(annotation(image, index, id: annotations.count + 1, categoryIDs: dataset.categoryIDs))
      }
    }
    let categories = zip(dataset.categoryIDs, dataset.classes).map { "{\"id\":\($0),\"name\":\(JSONText.string($1))}" }
    return """
      {"info":{"description":\(JSONText.string(description))},
      "categories":[\(categories.joined(separator: ","))],
      "images":[
      \(images.joined(separator: ",\n"))],
      "annotations":[
      \(annotations.joined(separator: ",\n"))]}

      """
  }

  private static func annotation(_ image: DetectionImage, _ index: Int, id: Int, categoryIDs: [Int]) -> String {
    let box = image.originalBoxes[index]
    let scale = image.placement.scale
    let numbers = [box.x, box.y, box.width, box.height].map { number($0 * scale) }.joined(separator: ",")
    var segmentation = "[]"
    if let mask = image.originalMasks[index]?.placed(image.placement, width: image.width, height: image.height) {
      let counts = mask.counts.map { "\($0)" }.joined(separator: ",")
      segmentation = "{\"size\":[\(mask.height),\(mask.width)],\"counts\":[\(counts)]}"
    }
    return "{\"id\":\(id),\"image_id\":\(image.id),\"category_id\":\(categoryIDs[image.labels[index]]),"
      + "\"bbox\":[\(numbers)],\"area\":\(number(image.areas[index] * scale * scale)),"
      + "\"iscrowd\":\(image.isCrowd[index] ? 1 : 0),\"segmentation\":\(segmentation)}"
  }

  /// Whole numbers without a point.
  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
