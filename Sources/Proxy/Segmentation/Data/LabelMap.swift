/// The class of every pixel of a picture in row-major order; 255 marks pixels that nobody judges.
public struct LabelMap: Hashable, Sendable {
  /// The value of pixels that are neither learned nor scored.
  public static let ignored: UInt8 = 255

  public let width: Int
  public let height: Int
  public var labels: [UInt8]

  /// `labels` holds width · height values.
  public init(width: Int, height: Int, labels: [UInt8]) {
    precondition(labels.count == width * height, "a label map of \(width) x \(height) needs width * height labels")
    (self.width, self.height, self.labels) = (width, height, labels)
  }

  /// The largest label that is not ignored; nil where all are.
  public var largest: UInt8? { labels.lazy.filter { $0 != Self.ignored }.max() }

  /// The nearest label at each pixel of another size.
  func resized(width newWidth: Int, height newHeight: Int) -> LabelMap {
    guard newWidth != width || newHeight != height else { return self }
    let columns = (0..<newWidth).map { min((2 * $0 + 1) * width / (2 * newWidth), width - 1) }
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight)
    for y in 0..<newHeight {
      let row = min((2 * y + 1) * height / (2 * newHeight), height - 1) * width
      for column in columns { result.append(labels[row + column]) }
    }
    return LabelMap(width: newWidth, height: newHeight, labels: result)
  }
}
