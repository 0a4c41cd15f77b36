/// Why a data set cannot be used at all; each message is one line that names the place and the mend.
public enum DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
  case folderMissing(path: String)
  case layoutUnknown(path: String)
  case noSegmentation(path: String)
  case fileUnreadable(path: String, reason: String)
  /// A picture or label map of a segmentation data set.
  case undecodable(file: String, reason: String)
  case malformedJSON(file: String, line: Int, column: Int, reason: String)
  case malformedXML(file: String, line: Int, reason: String)
  case malformedEntry(file: String, entry: String, reason: String)
  case noImages(file: String, split: String, problem: String?)
  case noBoxes(split: String)
  /// A split to score on without an object that counts; its AP would be undefined.
  case nothingToScore(split: String)
  case classesDiffer(file: String, reason: String)
  case tooFewImages(count: Int)
  case invalidSetting(name: String, reason: String)
  case unwritable(path: String, reason: String)

  /// The stable name of the case, for JSON and exit reports.
  public var code: String {
    switch self {
    case .folderMissing: "folderMissing"
    case .layoutUnknown: "layoutUnknown"
    case .noSegmentation: "noSegmentation"
    case .fileUnreadable: "fileUnreadable"
    case .undecodable: "undecodable"
    case .malformedJSON: "malformedJSON"
    case .malformedXML: "malformedXML"
    case .malformedEntry: "malformedEntry"
    case .noImages: "noImages"
    case .noBoxes: "noBoxes"
    case .nothingToScore: "nothingToScore"
    case .classesDiffer: "classesDiffer"
    case .tooFewImages: "tooFewImages"
    case .invalidSetting: "invalidSetting"
    case .unwritable: "unwritable"
    }
  }

  /// Entry and reason of a malformed entry.
  var place: (entry: String, reason: String)? {
    if case .malformedEntry(_, let entry, let reason) = self { (entry, reason) } else { nil }
  }

  public var description: String {
    switch self {
    case .folderMissing(let path):
      "\(path): no such data folder; give --data the path of one, or 'synthetic'"
    case .layoutUnknown(let path):
      "\(path): neither COCO (annotations/instances_train.json) nor VOC (Annotations, JPEGImages, "
        + "ImageSets/Main/train.txt); bring the folder into one of the two layouts"
    case .noSegmentation(let path):
      "\(path): not the layout of segmentation data (images/train, images/val, annotations/train, annotations/val with a "
        + "PNG label map for each picture); bring the folder into it"
    case .undecodable(let file, let reason):
      "\(file): cannot be decoded (\(reason)); replace the file, or remove the picture and its label map"
    case .fileUnreadable(let path, let reason):
      "\(path): cannot be read (\(reason)); check that it exists and that you may read it"
    case .malformedJSON(let file, let line, let column, let reason):
      "\(file): line \(line), column \(column): \(reason); correct the JSON there"
    case .malformedXML(let file, let line, let reason):
      "\(file): line \(line): \(reason); correct the XML there"
    case .malformedEntry(let file, let entry, let reason):
      "\(file): \(entry): \(reason); correct that entry"
    case .noImages(let file, let split, let problem):
      "\(file): no usable image in split '\(split)'; " + (problem.map { "the first problem: \($0)" } ?? "add images")
    case .noBoxes(let split):
      "split '\(split)' holds no box to learn from; add annotations"
    case .nothingToScore(let split):
      "\(split) holds no object, so there is nothing to score; add annotations to that split, or score another one"
    case .classesDiffer(let file, let reason):
      "\(file): \(reason); all splits need the same categories"
    case .tooFewImages(let count):
      "the train split has \(count) usable image(s), too few to set some aside for validation; give a test split "
        + "too, or more images"
    case .invalidSetting(let name, let reason):
      "data setting '\(name)': \(reason)"
    case .unwritable(let path, let reason):
      "\(path): cannot be written (\(reason)); choose another folder or free some space"
    }
  }
}
