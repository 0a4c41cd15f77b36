/// The images of one split with the classes that their labels index.
public struct DetectionDataset: Hashable, Sendable {
  /// Names by label, from 0, without the background.
  public let classes: [String]
  /// The annotation file's category id by label; not contiguous in COCO.
  public let categoryIDs: [Int]
  public let images: [DetectionImage]
  /// 128 bits in hexadecimal over everything that decides the data: classes, order, pixels, boxes, labels, crowds, areas.
  public let contentHash: String

  public init(classes: [String], categoryIDs: [Int], images: [DetectionImage]) {
    precondition(classes.count == categoryIDs.count, "a category id for each class")
    (self.classes, self.categoryIDs, self.images) = (classes, categoryIDs, images)
    contentHash = Self.hash(classes: classes, categoryIDs: categoryIDs, images: images)
  }

  /// The images at the given indices, in that order.
  public func subset(_ indices: [Int]) -> DetectionDataset {
    DetectionDataset(classes: classes, categoryIDs: categoryIDs, images: indices.map { images[$0] })
  }

  /// D_verify of the simulation: for each class that occurs, the first image, in the order of `images`, that holds a
  /// trainable box of it and has not been taken for an earlier class (else an image already taken serves). Rare
  /// classes choose first.
  public func onePerClass() -> DetectionDataset {
    var holders = [[Int]](repeating: [], count: classes.count)
    for (index, image) in images.enumerated() {
      for label in Set(image.trainable.map { image.labels[$0] }) { holders[label].append(index) }
    }
    var taken: [Int] = []
    let order = classes.indices.filter { !holders[$0].isEmpty }.sorted {
      (holders[$0].count, $0) < (holders[$1].count, $1)
    }
    for label in order {
      if let index = holders[label].first(where: { !taken.contains($0) }) { taken.append(index) }
    }
    return subset(taken.sorted())
  }

  /// Trainable boxes of each class, by label.
  public var boxCounts: [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for image in images {
      for index in image.trainable { counts[image.labels[index]] += 1 }
    }
    return counts
  }

  /// Median of √area over the trainable boxes, in pixels of the input (the upper one of two); nil without any.
  public var medianObjectSize: Double? {
    let sizes = images.flatMap { image in
      image.trainable.map { Double(image.boxes[$0].width * image.boxes[$0].height).squareRoot() }
    }
    return sizes.isEmpty ? nil : sizes.sorted()[sizes.count / 2]
  }

  private static func hash(classes: [String], categoryIDs: [Int], images: [DetectionImage]) -> String {
    var hasher = ContentHasher()
    for (name, id) in zip(classes, categoryIDs) {
      hasher.combine(name)
      hasher.combine(id)
    }
    for image in images {
      hasher.combine(image.id)
      hasher.combine(image.name)
      for size in [image.width, image.height, image.placement.originalWidth, image.placement.originalHeight] {
        hasher.combine(size)
      }
      hasher.combine(bytes: image.pixels.bytes)
      hasher.combine(image.boxes.count)
      for index in image.boxes.indices {
        let box = image.originalBoxes[index]
        for value in [box.x, box.y, box.width, box.height, image.areas[index]] { hasher.combine(value) }
        hasher.combine(image.labels[index])
        hasher.combine(image.isCrowd[index] ? 1 : 0)
      }
      for mask in image.originalMasks { mask?.counts.forEach { hasher.combine($0) } }
    }
    return hasher.hexadecimal
  }
}
