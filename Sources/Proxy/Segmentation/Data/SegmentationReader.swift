import Foundation
import Randomness

/// Opens a segmentation data set by the name that `--data` takes: `synthetic`, or a folder in mmsegmentation's layout.
public enum SegmentationReader {
  /// Reads, scales down once and divides into search-train, search-val and hold-out. Safe to call from any thread.
  ///
  /// With train, val and test these are the three parts; with train and val, train is divided by `splitSeed` and val is
  /// the hold-out. `cache` nil decodes anew and writes nothing.
  /// - Throws: `DatasetError` that names the first file that is missing, cannot be read, differs in size from its label
  ///   map, or holds a label that is no class.
  public static func open(
    _ source: String, settings: SegmentationDataSettings = .standard, cache: DecodedCache? = .userDefault
  ) throws(DatasetError) -> SegmentationSplits {
    try settings.validate()
    if source == "synthetic" { return SyntheticScenes(settings: settings.synthetic).segmentation() }
    let folder = URL(fileURLWithPath: source)
    guard FileBytes.isFolder(folder) else { throw .folderMissing(path: source) }
    guard SegmentationFolder.isPresent(in: folder) else { throw .noSegmentation(path: source) }
    let layout = try SegmentationFolder.read(folder)
    let name = folder.standardizedFileURL.lastPathComponent
    let (pairs, problems) = try decode(layout, name: name, settings, cache)
    let classes = try classes(layout, pairs)
    var parts: [SegmentationDataset] = []
    for (split, pairs) in zip(layout.splits, pairs) {
      parts.append(try dataset(split.pairs, pairs, split: split.split, classes: classes))
    }
    if parts.count == 2 {
      let (train, validation) = try divide(parts[0], settings)
      parts = [train, validation, parts[1]]
    }
    return SegmentationSplits(
      name: name, searchTrain: parts[0], searchValidation: parts[1], holdOut: parts[2], problems: problems)
  }

  /// All files of all splits at once, so that one cache file holds them.
  private static func decode(
    _ layout: SegmentationFolder, name: String, _ settings: SegmentationDataSettings, _ cache: DecodedCache?
  ) throws(DatasetError) -> (pairs: [[DecodedPair]], problems: [DataProblem]) {
    let pairs = layout.splits.flatMap(\.pairs)
    var files: [(image: [UInt8], labels: [UInt8])] = []
    for pair in pairs {
      files.append(
        (try FileBytes.read(pair.image, name: pair.imageName), try FileBytes.read(pair.labels, name: pair.labelName)))
    }
    func make() throws(DatasetError) -> [DecodedPair] {
      var decoded: [DecodedPair] = []
      for (pair, bytes) in zip(pairs, files) {
        decoded.append(
          try DecodedPair(pair, image: bytes.image, labels: bytes.labels, longestSide: settings.longestSide))
      }
      return decoded
    }
    let entry = DecodedCache.Entry<DecodedPair>(
      name: "\(name)-segmentation-\(settings.longestSide)",
      key: DecodedCache.key(files.flatMap { [$0.image, $0.labels] }, height: settings.longestSide, width: 0),
      count: files.count, append: { DecodedPair.append($0, to: &$1) }, read: { DecodedPair.read(&$0) })
    var (decoded, problems): ([DecodedPair], [DataProblem])
    if let cache {
      (decoded, problems) = try cache.items(entry, make: make)
    } else {
      (decoded, problems) = (try make(), [])
    }
    for (pair, decoded) in zip(pairs, decoded) {
      guard let damage = decoded.damage else { continue }
      problems.append(
        DataProblem(
          kind: .damagedImage, file: pair.imageName, reason: "damaged but used (\(damage))",
          mend: "replace the file if it looks wrong"))
    }
    var rest = decoded[...]
    return (
      layout.splits.map { split in
        defer { rest = rest.dropFirst(split.pairs.count) }
        return Array(rest.prefix(split.pairs.count))
      }, problems
    )
  }

  /// The names of `classes.json`, else numbers up to the largest label of train.
  private static func classes(
    _ layout: SegmentationFolder, _ pairs: [[DecodedPair]]
  ) throws(DatasetError) -> [String] {
    if let classes = layout.classes { return classes }
    let largest = pairs[0].compactMap(\.largest?.label).max()
    guard let largest else {
      throw .noImages(file: "annotations/train", split: "train", problem: "every pixel is ignored (255)")
    }
    return (0...max(largest, 1)).map { "class \($0)" }
  }

  private static func dataset(
    _ pairs: [SegmentationFolder.Pair], _ decoded: [DecodedPair], split: String, classes: [String]
  ) throws(DatasetError) -> SegmentationDataset {
    for (pair, decoded) in zip(pairs, decoded) {
      guard let largest = decoded.largest, Int(largest.label) >= classes.count else { continue }
      throw .malformedEntry(
        file: pair.labelName, entry: "column \(largest.column), row \(largest.row)",
        reason:
          "label \(largest.label), but there are \(classes.count) classes (0 to \(classes.count - 1)) and 255 for "
          + "ignored pixels")
    }
    let images = zip(pairs, decoded).map {
      SegmentationImage(
        name: String($0.imageName.split(separator: "/").last ?? ""), pixels: $1.pixels, labels: $1.labels)
    }
    let dataset = SegmentationDataset(classes: classes, images: images)
    guard dataset.pixelCounts.contains(where: { $0 > 0 }) else {
      throw .noImages(file: "annotations/\(split)", split: split, problem: "every pixel is ignored (255)")
    }
    return dataset
  }

  /// A seeded share of the images becomes search-val; both parts keep their order.
  private static func divide(
    _ train: SegmentationDataset, _ settings: SegmentationDataSettings
  ) throws(DatasetError) -> (train: SegmentationDataset, validation: SegmentationDataset) {
    let parts = try TrainDivision(
      count: train.images.count, fraction: settings.validationFraction, seed: settings.splitSeed)
    return (train.subset(parts.train), train.subset(parts.validation))
  }
}
