/// The places of one pyramid level, row by row: where each lies, and which of them are near a box.
package struct PlaceGrid: Hashable, Sendable {
  /// Pixels between neighbouring places.
  package let stride: Int
  package let height, width: Int

  package init(stride: Int, height: Int, width: Int) {
    (self.stride, self.height, self.width) = (stride, height, width)
  }

  package var count: Int { height * width }

  /// The rows and columns whose places, at index · stride + `offset` pixels, may lie inside a box: never too few of them.
  func around(_ box: BoundingBox, offset: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    (
      cells(from: box.y1, to: box.y2, offset: offset, count: height),
      cells(from: box.x1, to: box.x2, offset: offset, count: width)
    )
  }

  /// The rows and columns with the `count` places, at index · stride, that are nearest to a point, and with others.
  ///
  /// The nearest of a square of k places a side, one corner of which is the place nearest to the point, lie within √2 · k strides
  /// of it; so a window that reaches farther than that in every direction holds them. A grid with fewer places a side is
  /// taken whole.
  func nearest(_ count: Int, to point: Point) -> (rows: Range<Int>, columns: Range<Int>) {
    let side = Int(Float(max(count, 1)).squareRoot().rounded(.up))
    guard min(height, width) > side else { return (0..<height, 0..<width) }
    let reach = Float(stride * (side + side / 2 + 1))
    return (
      cells(from: point.y - reach, to: point.y + reach, offset: 0, count: height),
      cells(from: point.x - reach, to: point.x + reach, offset: 0, count: width)
    )
  }

  private func cells(from low: Float, to high: Float, offset: Int, count: Int) -> Range<Int> {
    func cell(_ position: Float) -> Int {
      let index = ((position - Float(offset)) / Float(stride)).rounded(.down)
      return Int(min(max(index, 0), Float(count - 1)))
    }
    // One more on each side, for the rounding of the division.
    let first = max(cell(low) - 1, 0)
    return first..<max(min(cell(high) + 2, count), first)
  }
}
