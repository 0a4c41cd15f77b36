/// The four extents of a tensor in NHWC order: images, rows, columns, channels; channels lie next to each other in memory.
public struct TensorShape: Hashable, Sendable, Codable, CustomStringConvertible {
  public var batch: Int
  public var height: Int
  public var width: Int
  public var channels: Int

  public init(batch: Int, height: Int, width: Int, channels: Int) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// The number of elements.
  public var count: Int { batch * height * width * channels }

  /// The number of channel vectors: batch · height · width.
  public var rows: Int { batch * height * width }

  /// The elements of one image: height · width · channels.
  public var elementsPerImage: Int { height * width * channels }

  /// True when every extent is at least 1.
  public var isPositive: Bool { batch > 0 && height > 0 && width > 0 && channels > 0 }

  /// The place of one element in the flat buffer; the arguments must lie inside the shape.
  public func offset(_ image: Int, _ y: Int, _ x: Int, _ channel: Int) -> Int {
    ((image * height + y) * width + x) * channels + channel
  }

  public var description: String { "\(batch)x\(height)x\(width)x\(channels)" }
}
