import Foundation

/// What the annotation files say about one split, before any picture is read; the common form of COCO and VOC.
struct SplitAnnotations {
  /// One box as written.
  struct Object {
    let label: Int
    let box: AnnotatedBox
    let area: Double
    let isCrowd: Bool
    /// In pixels of the original image, where the annotation has one that we read.
    let mask: InstanceMask?
    /// Its place in the annotation file, for problems.
    let entry: String
  }

  /// One picture with its boxes.
  struct Image {
    let id: Int
    let name: String
    /// Where the picture lies, and what problems call it.
    let url: URL
    let relativePath: String
    /// As the annotations declare it; nil when they do not.
    let declaredSize: (width: Int, height: Int)?
    /// The file and entry that name the picture.
    let file: String
    let entry: String
    var objects: [Object]
  }

  /// `train`, `val` or `test`.
  let split: String
  /// The annotation file or list that defines the split.
  let file: String
  var images: [Image]
}

/// All splits of a folder with their common classes.
struct FolderAnnotations {
  var classes: [String]
  var categoryIDs: [Int]
  /// train, val and, where there is one, test.
  var splits: [SplitAnnotations]
  var problems: [DataProblem]
}
