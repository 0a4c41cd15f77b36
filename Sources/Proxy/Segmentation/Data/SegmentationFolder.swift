import Foundation
import JSONValues

/// mmsegmentation's layout: `images/<split>/<name>.jpg` or `.png` with `annotations/<split>/<name>.png`, and optionally
/// `classes.json` with the names: `{"classes": ["road", "water"]}`, or the list alone.
struct SegmentationFolder {
  /// A picture and its label map.
  struct Pair: Hashable {
    let image: URL
    let labels: URL
    /// Relative to the data folder.
    let imageName, labelName: String
  }

  /// Names by label; nil where the folder does not tell them.
  let classes: [String]?
  /// Train, val and, where it is given, test; each sorted by name.
  let splits: [(split: String, pairs: [Pair])]

  static func isPresent(in folder: URL) -> Bool {
    FileBytes.isFolder(folder.appendingPathComponent("images/train"))
      && FileBytes.isFolder(folder.appendingPathComponent("annotations/train"))
  }

  /// - Throws: `DatasetError` for folders or files that are missing or do not belong together.
  static func read(_ folder: URL) throws(DatasetError) -> SegmentationFolder {
    var splits: [(split: String, pairs: [Pair])] = []
    for split in ["train", "val", "test"] {
      let images = folder.appendingPathComponent("images/\(split)")
      guard FileBytes.isFolder(images) else {
        if split == "test" { continue }
        throw .fileUnreadable(path: images.path, reason: "no such folder")
      }
      splits.append((split, try pairs(folder, split: split)))
    }
    return SegmentationFolder(classes: try classes(folder), splits: splits)
  }

  private static func pairs(_ folder: URL, split: String) throws(DatasetError) -> [Pair] {
    let pictures = try files(folder, "images/\(split)", endings: ["jpg", "jpeg", "png"])
    let maps = try files(folder, "annotations/\(split)", endings: ["png"])
    let known = Set(maps)
    guard !pictures.isEmpty else { throw .noImages(file: "images/\(split)", split: split, problem: nil) }
    var pairs: [Pair] = []
    for picture in pictures {
      let stem = (picture as NSString).deletingPathExtension
      guard known.contains(stem + ".png") else {
        throw .fileUnreadable(
          path: "annotations/\(split)/\(stem).png", reason: "no such file, but there is images/\(split)/\(picture)")
      }
      if let last = pairs.last, last.labelName == "annotations/\(split)/\(stem).png" {
        throw .malformedEntry(
          file: "images/\(split)/\(picture)", entry: "name",
          reason: "its label map belongs to \(last.imageName) too")
      }
      let (imageName, labelName) = ("images/\(split)/\(picture)", "annotations/\(split)/\(stem).png")
      pairs.append(
        Pair(
          image: folder.appendingPathComponent(imageName), labels: folder.appendingPathComponent(labelName),
          imageName: imageName, labelName: labelName))
    }
    let stems = Set(pictures.map { ($0 as NSString).deletingPathExtension })
    if let lone = maps.first(where: { !stems.contains(($0 as NSString).deletingPathExtension) }) {
      throw .fileUnreadable(
        path: "images/\(split)/\((lone as NSString).deletingPathExtension).jpg",
        reason: "no such file, but there is annotations/\(split)/\(lone)")
    }
    return pairs
  }

  /// The names of the pictures in a folder, in an order that does not depend on the file system.
  private static func files(
    _ folder: URL, _ path: String, endings: Set<String>
  ) throws(DatasetError) -> [String] {
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(path).path)
      return names.filter { !$0.hasPrefix(".") && endings.contains(($0 as NSString).pathExtension.lowercased()) }
        .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    } catch {
      throw .fileUnreadable(path: path, reason: FileBytes.reason(error))
    }
  }

  private static func classes(_ folder: URL) throws(DatasetError) -> [String]? {
    let (name, url) = ("classes.json", folder.appendingPathComponent("classes.json"))
    guard FileBytes.exists(url) else { return nil }
    let top = try JSONEntry.read(url, name: name)
    let list: JSONEntry
    if case .object = top.value { list = try top.required("classes", "the names of the classes") } else { list = top }
    var names: [String] = []
    for entry in try list.elements() {
      let name = try entry.text()
      if let first = names.firstIndex(of: name) {
        throw entry.error("", "'\(name)' is the name of label \(first) too; give every class a name of its own")
      }
      names.append(name)
    }
    guard (2...255).contains(names.count) else {
      throw list.error("", "\(names.count) name(s), expected 2 to 255: a label is one byte, and 255 is ignored")
    }
    return names
  }
}
