/// One picture and the class of each of its pixels, both of one size.
public struct SegmentationImage: Hashable, Sendable {
  /// The file name of the picture, without its folder.
  public let name: String
  public let pixels: RGBImage
  public let labels: LabelMap

  /// Both have the same extents.
  public init(name: String, pixels: RGBImage, labels: LabelMap) {
    precondition(pixels.width == labels.width && pixels.height == labels.height, "\(name): one size for both")
    (self.name, self.pixels, self.labels) = (name, pixels, labels)
  }

  public var width: Int { pixels.width }
  public var height: Int { pixels.height }
}

/// The images of one split with the classes that their labels index; sizes may differ from image to image.
public struct SegmentationDataset: Hashable, Sendable {
  /// Names by label, from 0; a background is a class like others.
  public let classes: [String]
  public let images: [SegmentationImage]
  /// 128 bits in hexadecimal over everything that decides the data: classes, order, names, pixels, labels.
  public let contentHash: String

  public init(classes: [String], images: [SegmentationImage]) {
    (self.classes, self.images) = (classes, images)
    contentHash = Self.hash(classes: classes, images: images)
  }

  /// The images at the given indices, in that order.
  public func subset(_ indices: [Int]) -> SegmentationDataset {
    SegmentationDataset(classes: classes, images: indices.map { images[$0] })
  }

  /// Whether class 0 is called "background": surrogates and scores then leave its boundaries out unless told otherwise.
  public var hasBackground: Bool { classes.first?.lowercased() == "background" }

  /// Labelled pixels of each class, by label.
  public var pixelCounts: [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for image in images { for label in image.labels.labels { counts[Int(label)] += 1 } }
    return Array(counts.prefix(classes.count))
  }

  /// For each class one image with pixels of it, as far as there are: the rarest class chooses first.
  public func onePerClass() -> SegmentationDataset {
    var holders = [[Int]](repeating: [], count: classes.count)
    for (index, image) in images.enumerated() {
      for label in Set(image.labels.labels) where Int(label) < classes.count { holders[Int(label)].append(index) }
    }
    var taken: Set<Int> = []
    let order = classes.indices.sorted { (holders[$0].count, $0) < (holders[$1].count, $1) }
    for label in order {
      if let index = holders[label].first(where: { !taken.contains($0) }) { taken.insert(index) }
    }
    return subset(taken.sorted())
  }

  private static func hash(classes: [String], images: [SegmentationImage]) -> String {
    var hasher = ContentHasher()
    hasher.combine(classes.count)
    for name in classes { hasher.combine(name) }
    for image in images {
      hasher.combine(image.name)
      for size in [image.width, image.height] { hasher.combine(size) }
      hasher.combine(bytes: image.pixels.bytes)
      hasher.combine(bytes: image.labels.labels)
    }
    return hasher.hexadecimal
  }
}
