import CKernels

/// An image as the detector trains on it: its targets after the changes of one draw, and how its pixels become numbers.
package struct InputImage {
  package private(set) var boxes: [BoundingBox] = []
  package private(set) var labels: [Int] = []
  /// The masks of `boxes` in pixels of the original, neither flipped nor scaled; nil where the data has none.
  package private(set) var masks: [InstanceMask?] = []
  /// Regions that are neither object nor background: crowds, and objects of which too little is left.
  package private(set) var ignored: [BoundingBox] = []
  /// The part of the input in which boxes are found: what the picture covers; all of it where the picture is scaled.
  package private(set) var area = ImageArea(width: 0, height: 0)
  private var source: DetectionImage
  private var draw: BatchOrder.Draw?
  private var axes: (down: CropAxis, right: CropAxis)?

  /// Whether its boxes lie where no other draw puts them.
  var isZoomed: Bool { axes != nil }

  /// Pixel values are centred and scaled by these: (p − 127.5) / 64.
  package static let center: Float = 127.5
  package static let scale: Float = 1 / 64

  /// The image as it is, or changed as drawn.
  package init(_ source: DetectionImage, draw: BatchOrder.Draw? = nil) {
    self.source = source
    show(source, draw: draw)
  }

  /// Shows another image, in the memory of the one before. A flip mirrors the picture inside the part that it covers; then it
  /// is scaled and cut.
  mutating func show(_ source: DetectionImage, draw: BatchOrder.Draw?) {
    (self.source, self.draw) = (source, draw)
    let isFlipped = draw?.isFlipped ?? false
    guard let zoom = draw?.zoom else {
      axes = nil
      area = ImageArea(width: Float(source.placement.contentWidth), height: Float(source.placement.contentHeight))
      (boxes, labels, masks) = (source.targets.boxes(isFlipped: isFlipped), source.targets.labels, source.targets.masks)
      ignored = source.targets.crowds(isFlipped: isFlipped)
      return
    }
    let axes = zoom.axes(of: source.placement, height: source.height, width: source.width)
    self.axes = axes
    area = ImageArea(width: Float(source.width), height: Float(source.height))
    cut(source.targets, isFlipped: isFlipped, axes)
  }

  /// Keeps what can be seen of the objects.
  private mutating func cut(_ targets: PictureTargets, isFlipped: Bool, _ axes: (down: CropAxis, right: CropAxis)) {
    boxes.removeAll(keepingCapacity: true)
    labels.removeAll(keepingCapacity: true)
    masks.removeAll(keepingCapacity: true)
    ignored.removeAll(keepingCapacity: true)
    for (index, box) in targets.boxes(isFlipped: isFlipped).enumerated() {
      let (whole, seen) = Self.scaled(box, axes, cutTo: area)
      guard seen.width > 0, seen.height > 0 else { continue }
      let isSmall = min(seen.width, seen.height) < Zoom.leastSide || seen.area < Zoom.leastShare * whole.area
      if isSmall {
        ignored.append(seen)
      } else {
        boxes.append(seen)
        labels.append(targets.labels[index])
        masks.append(targets.masks[index])
      }
    }
    for crowd in targets.crowds(isFlipped: isFlipped) {
      let seen = Self.scaled(crowd, axes, cutTo: area).seen
      if seen.width > 0, seen.height > 0 { ignored.append(seen) }
    }
  }

  private static func scaled(
    _ box: BoundingBox, _ axes: (down: CropAxis, right: CropAxis), cutTo area: ImageArea
  ) -> (whole: BoundingBox, seen: BoundingBox) {
    let whole = BoundingBox(
      x1: axes.right.place(of: box.x1), y1: axes.down.place(of: box.y1), x2: axes.right.place(of: box.x2),
      y2: axes.down.place(of: box.y2))
    return (whole, area.clip(whole))
  }

  /// Where a box of this input lies in the original image, as its masks show it: not cut, and whether left and right
  /// have changed places.
  package func inOriginal(_ box: BoundingBox) -> (box: BoundingBox, isMirrored: Bool) {
    let isFlipped = draw?.isFlipped ?? false
    var box = box
    if let axes {
      box = BoundingBox(
        x1: axes.right.position(of: box.x1), y1: axes.down.position(of: box.y1), x2: axes.right.position(of: box.x2),
        y2: axes.down.position(of: box.y2))
    }
    if isFlipped { box = box.flippedHorizontally(imageWidth: Float(source.placement.contentWidth)) }
    let scale = Float(source.placement.scale)
    return (
      BoundingBox(x1: box.x1 / scale, y1: box.y1 / scale, x2: box.x2 / scale, y2: box.y2 / scale), isFlipped
    )
  }

  /// Writes height × width × 3 numbers.
  ///
  /// - Parameter cut: work space of the input's size.
  package func write(to target: UnsafeMutableBufferPointer<Float>, by cut: PictureCut) {
    precondition(target.count >= source.height * source.width * 3, "a place for each number")
    let (brightness, contrast) = (draw?.brightness ?? 1, draw?.contrast ?? 1)
    if let axes {
      guard let base = target.baseAddress else { return }
      cut.lay(down: axes.down, right: axes.right, isMirrored: draw?.isFlipped ?? false)
      cut.write(source.pixels.bytes, stride: source.width, brightness: brightness, contrast: contrast, to: base)
      return
    }
    let factor = Self.scale * contrast
    // A change of brightness b and contrast c maps p to (p · b − centre) · c.
    var map = nn_pixel_map(
      height: Int64(source.height), width: Int64(source.width), content: Int64(source.placement.contentWidth),
      gain: factor * brightness, offset: -Self.center * factor, mirrored: draw?.isFlipped == true ? 1 : 0)
    source.pixels.bytes.withUnsafeBufferPointer { nn_pixels($0.baseAddress, target.baseAddress, &map) }
  }
}
