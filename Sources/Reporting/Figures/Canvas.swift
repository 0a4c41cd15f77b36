/// What a figure is drawn on: lines, filled rectangles and text in pixels from the top left corner.
protocol Canvas {
  mutating func line(_ points: [Figure.Point], colour: Colour, width: Double, stroke: Figure.Stroke)
  mutating func rectangle(x: Double, y: Double, width: Double, height: Double, fill: Colour)
  /// Text on the baseline `y`, turned by a quarter to the left where `isTurned`.
  mutating func text(
    _ text: String, x: Double, y: Double, size: Double, colour: Colour, anchor: TextAnchor, isTurned: Bool)
}

/// Which part of a text lies at its place.
enum TextAnchor {
  case start, middle, end
}

extension Figure.Stroke {
  /// Lengths of dashes and gaps in pixels; empty for a full line.
  var dashes: [Double] {
    switch self {
    case .solid: []
    case .dashed: [7, 4]
    case .dotted: [2, 3]
    }
  }
}
