/// How many images, classes and pixels a batch of label maps and its logits have.
///
/// Logits are images × classes × height × width and labels images × height × width, both row-major.
public struct LabelMapShape: Hashable, Sendable, CustomStringConvertible {
  public let images: Int
  /// From 1 to 255: a label is one byte, and 255 marks pixels that are ignored.
  public let classes: Int
  public let height: Int
  public let width: Int

  public static let classRange = 1...255

  /// - Throws: `SegmentationLossError.shape` where a side is below 1, the classes are outside 1 ... 255, or the
  ///   product overflows.
  public init(images: Int, classes: Int, height: Int, width: Int) throws(SegmentationLossError) {
    let text = "\(images) × \(classes) × \(height) × \(width)"
    guard images >= 1, height >= 1, width >= 1, Self.classRange.contains(classes) else {
      throw .shape("\(text) is no shape of logits: give at least 1 image, 1 row, 1 column and 1 to 255 classes")
    }
    var count = classes
    for side in [images, height, width] {
      let (product, overflows) = count.multipliedReportingOverflow(by: side)
      guard !overflows, product <= Int(Int32.max) else { throw .shape("\(text) are more than 2³¹ logits: give fewer") }
      count = product
    }
    (self.images, self.classes, self.height, self.width) = (images, classes, height, width)
  }

  /// Pixels of one image.
  public var pixels: Int { height * width }
  /// Numbers of the label maps: images × height × width.
  public var labelCount: Int { images * pixels }
  /// Numbers of the logits: images × classes × height × width.
  public var logitCount: Int { labelCount * classes }

  public var description: String { "\(images) × \(classes) × \(height) × \(width)" }
}
