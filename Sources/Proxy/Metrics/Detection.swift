/// One box that a detector reports, in pixels of its input.
public struct Detection: Hashable, Sendable, Codable {
  public var box: BoundingBox
  /// Index into the data set's classes, from 0.
  public var label: Int
  /// Confidence; only the order matters. Finite.
  public var score: Float
  /// Where the detector finds masks, what it sees inside the box.
  public var mask: MaskPatch?

  public init(box: BoundingBox, label: Int, score: Float, mask: MaskPatch? = nil) {
    (self.box, self.label, self.score, self.mask) = (box, label, score, mask)
  }
}

extension Detection {
  /// The mask in pixels of the original image, where the detector found one.
  public func mask(in placement: ImagePlacement) -> InstanceMask? {
    mask?.mask(in: placement.original(box), width: placement.originalWidth, height: placement.originalHeight)
  }
}
