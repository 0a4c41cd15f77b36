import Foundation

/// A photograph with boxes drawn over it, each with a label in its colour.
public struct MarkedPicture: Sendable {
  /// One box in pixels of the picture, from the top left corner.
  public struct Mark: Hashable, Sendable {
    public var x, y, width, height: Double
    /// Written at the box; nil for none.
    public var label: String?
    public var colour: Colour
    public var stroke: Figure.Stroke

    public init(
      x: Double, y: Double, width: Double, height: Double, label: String?, colour: Colour,
      stroke: Figure.Stroke = .solid
    ) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
      (self.label, self.colour, self.stroke) = (label, colour, stroke)
    }
  }

  public let width, height: Int
  /// Red, green, blue of each pixel in row-major order: width · height · 3 bytes.
  public let pixels: [UInt8]
  public var marks: [Mark]
  /// Drawn pixels for each pixel of the picture.
  public var magnification: Int

  public init(width: Int, height: Int, pixels: [UInt8], marks: [Mark], magnification: Int = 1) {
    precondition(pixels.count == width * height * 3, "a picture of \(width) x \(height) needs width * height * 3 bytes")
    (self.width, self.height, self.pixels) = (width, height, pixels)
    (self.marks, self.magnification) = (marks, max(1, magnification))
  }

  /// Draws the picture and writes it as PNG.
  ///
  /// - Throws: `FigureError`; `bitmap` for pictures beyond 32,767 pixels a side.
  public func write(to path: String) throws(FigureError) {
    let canvas = try PictureCanvas(self)
    guard marks.allSatisfy({ $0.label == nil }) || canvas.hasFont else { throw .noFont }
    // Boxes first, so that no line crosses a label.
    for mark in marks { canvas.drawBox(mark) }
    for mark in marks { canvas.drawLabel(mark) }
    try canvas.write(to: path)
  }
}
