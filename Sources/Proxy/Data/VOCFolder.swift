import Foundation

/// The PASCAL VOC layout: `ImageSets/Main/<split>.txt` names `Annotations/<name>.xml`, which names `JPEGImages/<file>`.
///
/// Boxes are taken as they stand: x = xmin, width = xmax − xmin, no shift by one. `difficult` boxes count like others.
/// The classes are those of the train split in alphabetical order, with the ids 1, 2, 3 …; image ids run on over the splits.
struct VOCFolder {
  private let folder: URL
  private var problems: [DataProblem] = []
  private var nextID = 1

  static func isPresent(in folder: URL) -> Bool {
    FileBytes.isFolder(folder.appendingPathComponent("Annotations"))
      && FileBytes.isFolder(folder.appendingPathComponent("ImageSets/Main"))
  }

  /// - Throws: `DatasetError` when a list of the splits cannot be read or the train split names no class.
  static func read(_ folder: URL) throws(DatasetError) -> FolderAnnotations {
    var reader = VOCFolder(folder: folder)
    var parsed: [(split: String, list: String, images: [Parsed])] = []
    for split in ["train", "val", "test"] {
      let list = "ImageSets/Main/\(split).txt"
      if split == "test", !FileBytes.exists(folder.appendingPathComponent(list)) { continue }
      parsed.append((split, list, try reader.images(list: list)))
    }
    let classes = Array(Set((parsed.first?.images ?? []).flatMap { $0.objects.map(\.name) })).sorted()
    guard !classes.isEmpty else { throw .noBoxes(split: "train") }
    let splits = parsed.map { split, list, images in
      SplitAnnotations(split: split, file: list, images: images.map { reader.resolved($0, classes: classes) })
    }
    return FolderAnnotations(
      classes: classes, categoryIDs: Array(1...classes.count), splits: splits, problems: reader.problems)
  }

  private init(folder: URL) {
    self.folder = folder
  }

  /// An annotation file whose class names have no labels yet.
  private struct Parsed {
    var image: SplitAnnotations.Image
    var objects: [(name: String, box: AnnotatedBox, entry: String)]
  }

  private mutating func report(
    _ kind: DataProblem.Kind, _ file: String, _ entry: String, _ reason: String, _ mend: String
  ) {
    problems.append(DataProblem(kind: kind, file: file, entry: entry, reason: reason, mend: mend))
  }

  private mutating func images(list: String) throws(DatasetError) -> [Parsed] {
    let text = String(decoding: try FileBytes.read(folder.appendingPathComponent(list), name: list), as: UTF8.self)
    var seen: Set<Substring> = []
    var images: [Parsed] = []
    for line in text.split(whereSeparator: \.isNewline) {
      // Lists of one class carry a second column; the first names the image.
      guard let name = line.split(whereSeparator: \.isWhitespace).first else { continue }
      guard seen.insert(name).inserted else {
        report(.duplicateID, list, String(name), "stands twice, the second is left out", "remove one of them")
        continue
      }
      if let image = annotation(String(name)) { images.append(image) }
    }
    return images
  }

  private mutating func annotation(_ name: String) -> Parsed? {
    let file = "Annotations/\(name).xml"
    let root: XMLElement
    do throws(DatasetError) {
      let bytes = try FileBytes.read(folder.appendingPathComponent(file), name: file)
      do throws(XMLReader.Failure) { root = try XMLReader.parse(bytes) } catch {
        throw .malformedXML(file: file, line: error.line, reason: error.reason)
      }
    } catch {
      report(.missingAnnotation, file, "", "the image is left out: \(error)", "mend the file or take it off the list")
      return nil
    }
    let fileName = root.child("filename")?.trimmed ?? ""
    let path = "JPEGImages/" + (fileName.isEmpty ? "\(name).jpg" : fileName)
    let size = root.child("size").flatMap { size in
      Self.integer(size, "width").flatMap { width in Self.integer(size, "height").map { (width: width, height: $0) } }
    }
    let image = SplitAnnotations.Image(
      id: nextID, name: fileName.isEmpty ? "\(name).jpg" : fileName, url: folder.appendingPathComponent(path),
      relativePath: path, declaredSize: size, file: file, entry: "size", objects: [])
    nextID += 1
    var objects: [(name: String, box: AnnotatedBox, entry: String)] = []
    for (index, element) in root.children("object").enumerated() {
      let entry = "object[\(index)], line \(element.line)"
      if let object = object(element, file: file, entry: entry) { objects.append((object.name, object.box, entry)) }
    }
    return Parsed(image: image, objects: objects)
  }

  private mutating func object(_ element: XMLElement, file: String, entry: String) -> (name: String, box: AnnotatedBox)?
  {
    guard let name = element.child("name")?.trimmed, !name.isEmpty else {
      report(.unnamedClass, file, entry, "an object without a name, it is left out", "name its class")
      return nil
    }
    var corners: [Double] = []
    for key in ["xmin", "ymin", "xmax", "ymax"] {
      guard let text = element.child("bndbox")?.child(key)?.trimmed, let value = Double(text), value.isFinite else {
        report(.badBox, file, "\(entry): bndbox.\(key)", "missing or no number, the box is left out", "correct it")
        return nil
      }
      corners.append(value)
    }
    let box = AnnotatedBox(
      x: corners[0], y: corners[1], width: corners[2] - corners[0], height: corners[3] - corners[1])
    return (name, box)
  }

  private mutating func resolved(_ parsed: Parsed, classes: [String]) -> SplitAnnotations.Image {
    var image = parsed.image
    for object in parsed.objects {
      guard let label = classes.firstIndex(of: object.name) else {
        let reason = "class '\(object.name)' does not occur in the train split, the box is left out"
        report(.unknownCategory, image.file, object.entry, reason, "correct the name or add training boxes of it")
        continue
      }
      image.objects.append(
        SplitAnnotations.Object(
          label: label, box: object.box, area: object.box.area, isCrowd: false, mask: nil, entry: object.entry))
    }
    return image
  }

  private static func integer(_ element: XMLElement, _ name: String) -> Int? {
    (element.child(name)?.trimmed).flatMap { Double($0) }.flatMap { Int(exactly: $0) }
  }
}
