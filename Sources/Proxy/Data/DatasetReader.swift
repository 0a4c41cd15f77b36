import Foundation

/// Opens a data set by the name that `--data` takes: `synthetic`, or a folder in the COCO or VOC layout.
public enum DatasetReader {
  /// Reads, resizes once and divides into search-train, search-val and hold-out. Safe to call from any thread.
  ///
  /// With train, val and test these are the three parts; with train and val, train is divided by `splitSeed` and val is
  /// the hold-out. `cache` nil decodes anew and writes nothing.
  /// - Throws: `DatasetError` when nothing usable is there; single bad files and boxes are listed in `problems` instead.
  public static func open(
    _ source: String, settings: DataSettings = .standard, cache: DecodedCache? = .userDefault
  ) throws(DatasetError) -> DetectionSplits {
    try settings.validate()
    if source == "synthetic" { return SyntheticScenes(settings: settings.synthetic).splits(settings) }
    let folder = URL(fileURLWithPath: source)
    guard FileBytes.isFolder(folder) else { throw .folderMissing(path: source) }
    let annotations: FolderAnnotations
    if COCOFolder.isPresent(in: folder) {
      annotations = try COCOFolder.read(folder)
    } else if VOCFolder.isPresent(in: folder) {
      annotations = try VOCFolder.read(folder)
    } else {
      throw .layoutUnknown(path: source)
    }
    return try splits(annotations, name: folder.standardizedFileURL.lastPathComponent, settings, cache)
  }

  private static func splits(
    _ annotations: FolderAnnotations, name: String, _ settings: DataSettings, _ cache: DecodedCache?
  ) throws(DatasetError) -> DetectionSplits {
    var assembly = SplitAssembly(height: settings.height, width: settings.width)
    let (pictures, cacheProblems) = readPictures(annotations, name: name, settings, cache, &assembly)
    var parts: [DetectionDataset] = []
    for (split, pictures) in zip(annotations.splits, pictures) {
      let images = assembly.images(split, pictures)
      guard !images.isEmpty else {
        let problem = (annotations.problems + assembly.problems).first { $0.isOf(split) }
        throw .noImages(file: split.file, split: split.split, problem: problem?.description)
      }
      parts.append(
        DetectionDataset(classes: annotations.classes, categoryIDs: annotations.categoryIDs, images: images))
    }
    guard parts[0].boxCounts.contains(where: { $0 > 0 }) else { throw .noBoxes(split: "train") }
    if parts.count == 2 {
      let divided = try divide(parts[0], settings)
      parts = [divided.train, divided.validation, parts[1]]
    }
    return DetectionSplits(
      name: name, searchTrain: parts[0], searchValidation: parts[1], holdOut: parts[2],
      problems: annotations.problems + assembly.problems + cacheProblems)
  }

  /// All pictures of all splits at once, so that one cache file holds them.
  private static func readPictures(
    _ annotations: FolderAnnotations, name: String, _ settings: DataSettings, _ cache: DecodedCache?,
    _ assembly: inout SplitAssembly
  ) -> (pictures: [[DecodedPicture?]], problems: [DataProblem]) {
    var files: [[UInt8]] = []
    var places: [[Int?]] = []
    for split in annotations.splits {
      places.append([])
      for image in split.images {
        do throws(DatasetError) {
          files.append(try FileBytes.read(image.url, name: image.relativePath))
          places[places.count - 1].append(files.count - 1)
        } catch {
          assembly.report(
            .missingImage, image.relativePath, "", "\(error); the image is left out",
            "put the file there or remove it from \(image.file)")
          places[places.count - 1].append(nil)
        }
      }
    }
    let (pictures, problems) =
      cache?.pictures(files, dataset: name, height: settings.height, width: settings.width)
      ?? (files.map { DecodedPicture(bytes: $0, height: settings.height, width: settings.width) }, [])
    return (places.map { $0.map { $0.map { pictures[$0] } } }, problems)
  }

  /// A seeded share of the images becomes search-val; both parts keep the order of the file.
  private static func divide(
    _ train: DetectionDataset, _ settings: DataSettings
  ) throws(DatasetError) -> (train: DetectionDataset, validation: DetectionDataset) {
    let parts = try TrainDivision(
      count: train.images.count, fraction: settings.validationFraction, seed: settings.splitSeed)
    return (train.subset(parts.train), train.subset(parts.validation))
  }
}
