import Foundation
import Proxy

/// A fresh folder that goes away with the object.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  func write(_ bytes: [UInt8], to path: String) throws {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  func open(
    height: Int = 24, width: Int = 32, cache: DecodedCache? = nil
  ) throws(DatasetError) -> DetectionSplits {
    try DatasetReader.open(url.path, settings: DataSettings(height: height, width: width), cache: cache)
  }
}

/// A small correct data set to break in one place at a time: pictures of 32 x 24 pixels.
enum SmallDataset {
  static let picture = PNGWriter.encode(RGBImage(width: 32, height: 24, gray: 77)) ?? []

  static let categories = #"[{"id":3,"name":"cat"},{"id":7,"name":"dog"}]"#
  static let images =
    #"[{"id":1,"file_name":"a.png","width":32,"height":24},{"id":2,"file_name":"b.png","width":32,"height":24}]"#
  static let annotations =
    #"[{"id":1,"image_id":1,"category_id":3,"bbox":[2,3,10,8],"area":70,"iscrowd":0},"#
    + #"{"id":2,"image_id":1,"category_id":7,"bbox":[12,4,20,20],"area":400,"iscrowd":1},"#
    + #"{"id":3,"image_id":2,"category_id":7,"bbox":[0,0,32,24]}]"#

  static func json(
    categories: String = categories, images: String = images, annotations: String = annotations
  ) -> String {
    "{\"categories\":\(categories),\n\"images\":\(images),\n\"annotations\":\(annotations)}"
  }

  /// train and val alike, in the COCO layout; `train` replaces the annotations of the train split.
  static func coco(train: String = json(), test: String? = nil) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(train, to: "annotations/instances_train.json")
    try folder.write(json(), to: "annotations/instances_val.json")
    for split in ["train", "val"] {
      for name in ["a", "b"] { try folder.write(picture, to: "\(split)/\(name).png") }
    }
    if let test {
      try folder.write(test, to: "annotations/instances_test.json")
      for name in ["a", "b"] { try folder.write(picture, to: "test/\(name).png") }
    }
    return folder
  }

  static func xml(_ name: String, objects: String) -> String {
    """
    <?xml version="1.0"?>
    <!-- a comment -->
    <annotation>
      <filename>\(name).png</filename>
      <size><width>32</width><height>24</height><depth>3</depth></size>
      \(objects)
    </annotation>
    """
  }

  static func object(_ name: String, _ xmin: String, _ ymin: String, _ xmax: String, _ ymax: String) -> String {
    "<object><name>\(name)</name><bndbox><xmin>\(xmin)</xmin><ymin>\(ymin)</ymin><xmax>\(xmax)</xmax>"
      + "<ymax>\(ymax)</ymax></bndbox></object>"
  }

  /// a and b in train, c in val, in the VOC layout; `b` replaces the annotation of b.
  static func voc(b: String? = nil, c: String? = nil) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("a\nb\n", to: "ImageSets/Main/train.txt")
    try folder.write("c\r\n", to: "ImageSets/Main/val.txt")
    let objects = object("dog", "2", "3.5", "12", "11") + object("cat &amp; kitten", "0", "0", "32", "24")
    try folder.write(xml("a", objects: objects), to: "Annotations/a.xml")
    try folder.write(b ?? xml("b", objects: objects), to: "Annotations/b.xml")
    try folder.write(c ?? xml("c", objects: object("dog", "1", "1", "9", "9")), to: "Annotations/c.xml")
    for name in ["a", "b", "c"] { try folder.write(picture, to: "JPEGImages/\(name).png") }
    return folder
  }
}
