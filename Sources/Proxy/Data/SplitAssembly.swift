/// Joins annotations and pictures of one split; everything that does not fit is reported and left out.
struct SplitAssembly {
  let height: Int
  let width: Int
  private(set) var problems: [DataProblem] = []

  /// Boxes may reach this far over the border without being reported, in pixels of the original image: rounding.
  private static let slack = 0.5
  /// What swapped sides hint at.
  private static let turned = " as viewers show it, perhaps turned by its EXIF orientation"

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
  }

  /// `pictures[i]` belongs to `annotations.images[i]`; nil where the file could not be read.
  mutating func images(_ annotations: SplitAnnotations, _ pictures: [DecodedPicture?]) -> [DetectionImage] {
    zip(annotations.images, pictures).compactMap { image, picture in
      picture.flatMap { self.image(image, $0) }
    }
  }

  mutating func report(
    _ kind: DataProblem.Kind, _ file: String, _ entry: String, _ reason: String, _ mend: String
  ) {
    problems.append(DataProblem(kind: kind, file: file, entry: entry, reason: reason, mend: mend))
  }

  private mutating func image(_ image: SplitAnnotations.Image, _ picture: DecodedPicture) -> DetectionImage? {
    switch picture.outcome {
    case .failed(let reason):
      report(
        .undecodableImage, image.relativePath, "", "cannot be decoded (\(reason)), the image is left out",
        "replace the file or remove the image from \(image.file)")
      return nil
    case .decoded(let content, let originalWidth, let originalHeight, let damage):
      if let damage {
        report(
          .damagedImage, image.relativePath, "", "damaged but used (\(damage))", "replace the file if it looks wrong")
      }
      if let declared = image.declaredSize, declared != (originalWidth, originalHeight) {
        let hint = declared == (originalHeight, originalWidth) ? Self.turned : ""
        report(
          .sizeMismatch, image.file, image.entry,
          "says \(declared.width) x \(declared.height), \(image.relativePath) has \(originalWidth) x "
            + "\(originalHeight) pixels\(hint), the image is left out",
          "correct width and height, and the boxes with them")
        return nil
      }
      let placement = ImagePlacement(
        originalWidth: originalWidth, originalHeight: originalHeight, height: height, width: width)
      return placed(image, pixels: ImageResizer.pad(content, height: height, width: width), placement)
    }
  }

  private mutating func placed(
    _ image: SplitAnnotations.Image, pixels: RGBImage, _ placement: ImagePlacement
  ) -> DetectionImage {
    var kept: [(object: SplitAnnotations.Object, box: AnnotatedBox)] = []
    for object in image.objects {
      if let box = usable(object, file: image.file, placement) { kept.append((object, box)) }
    }
    return DetectionImage(
      id: image.id, name: image.name, pixels: pixels, placement: placement,
      boxes: kept.map { placement.input($0.box) }, labels: kept.map(\.object.label),
      isCrowd: kept.map(\.object.isCrowd), areas: kept.map(\.object.area), originalBoxes: kept.map(\.box),
      originalMasks: kept.map(\.object.mask))
  }

  private mutating func usable(
    _ object: SplitAnnotations.Object, file: String, _ placement: ImagePlacement
  ) -> AnnotatedBox? {
    let box = object.box
    let (imageWidth, imageHeight) = (placement.originalWidth, placement.originalHeight)
    let words = "[\(box.x), \(box.y), \(box.width), \(box.height)]"
    guard box.width > 0, box.height > 0 else {
      report(.boxEmpty, file, object.entry, "the box \(words) has no extent, it is left out", "correct or remove it")
      return nil
    }
    guard let inside = box.clipped(width: imageWidth, height: imageHeight) else {
      report(
        .boxOutside, file, object.entry,
        "the box \(words) lies outside its image of \(imageWidth) x \(imageHeight), it is left out",
        "correct or remove it")
      return nil
    }
    let excess = max(
      max(-box.x, -box.y), max(box.x + box.width - Double(imageWidth), box.y + box.height - Double(imageHeight)))
    if excess > Self.slack {
      report(
        .boxClipped, file, object.entry,
        "the box \(words) reaches over its image of \(imageWidth) x \(imageHeight), it is cut at the border",
        "correct it")
    }
    return inside
  }
}
