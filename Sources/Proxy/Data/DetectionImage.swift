/// One picture at the detector's input size with its boxes; the arrays `boxes`, `labels`, `isCrowd`, `areas` and
/// `originalBoxes`, `originalMasks` run in parallel.
public struct DetectionImage: Hashable, Sendable {
  /// Unique inside the data set; COCO's image id where the annotations have one.
  public let id: Int
  /// The file name as the annotations write it.
  public let name: String
  /// height × width × 3 of the detector's input, padding included.
  public let pixels: RGBImage
  /// Where the original lies in the input; maps boxes there and back.
  public let placement: ImagePlacement
  /// In pixels of the input (`pixels`), inside the content, each of positive width and height.
  public let boxes: [BoundingBox]
  /// Index into the data set's `classes`, from 0.
  public let labels: [Int]
  /// Crowd regions: never a training target; in the AP a region that may swallow many detections.
  public let isCrowd: [Bool]
  /// COCO's `area` in square pixels of the ORIGINAL image: what decides small, medium and large in the AP.
  public let areas: [Double]
  /// The boxes in pixels of the original image, clipped to it.
  public let originalBoxes: [AnnotatedBox]
  /// The masks in pixels of the original image; nil where the data has none.
  public let originalMasks: [InstanceMask?]
  /// The boxes that are learned, made from the arrays above.
  let targets: PictureTargets

  /// Parallel arrays of equal length; `originalMasks` may be empty: no masks.
  public init(
    id: Int, name: String, pixels: RGBImage, placement: ImagePlacement, boxes: [BoundingBox], labels: [Int],
    isCrowd: [Bool], areas: [Double], originalBoxes: [AnnotatedBox], originalMasks: [InstanceMask?] = []
  ) {
    precondition(
      labels.count == boxes.count && isCrowd.count == boxes.count && areas.count == boxes.count
        && originalBoxes.count == boxes.count && (originalMasks.isEmpty || originalMasks.count == boxes.count),
      "the arrays of a DetectionImage run in parallel")
    (self.id, self.name, self.pixels, self.placement) = (id, name, pixels, placement)
    (self.boxes, self.labels, self.isCrowd, self.areas) = (boxes, labels, isCrowd, areas)
    self.originalBoxes = originalBoxes
    self.originalMasks = originalMasks.isEmpty ? boxes.map { _ in nil } : originalMasks
    targets = PictureTargets(
      boxes: boxes, labels: labels, isCrowd: isCrowd, masks: self.originalMasks,
      width: Float(placement.contentWidth))
  }

  /// Size of the input in pixels.
  public var width: Int { pixels.width }
  public var height: Int { pixels.height }

  /// Indices of the boxes that are training targets: all but crowds.
  public var trainable: [Int] { boxes.indices.filter { !isCrowd[$0] } }
}
