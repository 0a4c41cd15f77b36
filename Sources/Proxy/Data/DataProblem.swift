/// Something wrong with one file or entry of a data set that did not stop the reading.
public struct DataProblem: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The kinds of problem; the raw values are stable codes.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case missingImage, undecodableImage, damagedImage, sizeMismatch
    case boxClipped, boxOutside, boxEmpty, badBox
    case unknownCategory, unknownImage, unnamedClass, duplicateID, badEntry, badMask
    case missingAnnotation, cacheUnreadable, cacheUnwritable
  }

  public let kind: Kind
  /// The file, relative to the data folder where it lies inside.
  public let file: String
  /// The place inside the file, such as `annotations[12].bbox`; empty when the whole file is meant.
  public let entry: String
  /// What is wrong and what was done about it.
  public let reason: String
  /// What the user can do.
  public let mend: String

  public init(kind: Kind, file: String, entry: String = "", reason: String, mend: String) {
    (self.kind, self.file, self.entry, self.reason, self.mend) = (kind, file, entry, reason, mend)
  }

  /// One line: place, reason, mend.
  public var description: String {
    (entry.isEmpty ? file : "\(file): \(entry)") + ": \(reason); \(mend)"
  }
}

extension DataProblem {
  /// Whether the file is the split's annotations or one of its images.
  func isOf(_ split: SplitAnnotations) -> Bool {
    file == split.file || split.images.contains { $0.relativePath == file }
  }
}
