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
  public private(set) var pixels: [UInt8]
  public var marks: [Mark]
  /// Drawn pixels for each pixel of the picture.
  public var magnification: Int

  public init(width: Int, height: Int, pixels: [UInt8], marks: [Mark], magnification: Int = 1) {
    precondition(pixels.count == width * height * 3, "a picture of \(width) x \(height) needs width * height * 3 bytes")
    (self.width, self.height, self.pixels) = (width, height, pixels)
    (self.marks, self.magnification) = (marks, max(1, magnification))
  }

  /// Lays a colour over the pixels of a mask, two fifths of it; the marks are drawn over that.
  ///
  /// - Parameter mask: whether each pixel belongs to it, in row-major order: width · height values.
  public mutating func tint(_ mask: [Bool], with colour: Colour) {
    precondition(mask.count == width * height, "a mask of \(width) x \(height) needs width * height values")
    let (red, green, blue) = colour.components
    for (pixel, isSet) in mask.enumerated() where isSet {
      for (channel, value) in [red, green, blue].enumerated() {
        let place = 3 * pixel + channel
        pixels[place] = UInt8((3 * Int(pixels[place]) + 2 * Int(value)) / 5)
      }
    }
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
