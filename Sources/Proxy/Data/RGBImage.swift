/// Pixels of 8 bits in row-major order, red, green, blue interleaved: `bytes[(y * width + x) * 3 + channel]`.
public struct RGBImage: Hashable, Sendable {
  public let width: Int
  public let height: Int
  public var bytes: [UInt8]

  /// `bytes` holds width · height · 3 values.
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(
      bytes.count == width * height * 3, "an RGB image of \(width) x \(height) needs width * height * 3 bytes")
    (self.width, self.height, self.bytes) = (width, height, bytes)
  }

  /// One colour everywhere.
  public init(width: Int, height: Int, gray: UInt8) {
    self.init(width: width, height: height, bytes: [UInt8](repeating: gray, count: width * height * 3))
  }
}
