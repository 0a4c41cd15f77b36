import Foundation

/// Writes a drawing as SVG with real text.
struct SVGCanvas: Canvas {
  private var body = ""
  private let width, height: Double

  init(width: Double, height: Double) {
    (self.width, self.height) = (width, height)
  }

  /// The whole document.
  var document: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(width)) \(Self.number(height))" \
    width="\(Self.number(width))" height="\(Self.number(height))" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">
    \(body)</svg>

    """
  }

  mutating func line(_ points: [Figure.Point], colour: Colour, width: Double, stroke: Figure.Stroke) {
    let places = points.map { Self.number($0.x) + "," + Self.number($0.y) }.joined(separator: " ")
    let dashes =
      stroke.dashes.isEmpty ? "" : " stroke-dasharray=\"\(stroke.dashes.map(Self.number).joined(separator: " "))\""
    body += "<polyline points=\"\(places)\" fill=\"none\" stroke=\"\(Self.hex(colour))\""
    body += " stroke-width=\"\(Self.number(width))\" stroke-linejoin=\"round\"\(dashes)/>\n"
  }

  mutating func rectangle(x: Double, y: Double, width: Double, height: Double, fill: Colour) {
    body += "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\""
    body += " height=\"\(Self.number(height))\" fill=\"\(Self.hex(fill))\"/>\n"
  }

  mutating func text(
    _ text: String, x: Double, y: Double, size: Double, colour: Colour, anchor: TextAnchor, isTurned: Bool
  ) {
    let side =
      switch anchor {
      case .start: ""
      case .middle: " text-anchor=\"middle\""
      case .end: " text-anchor=\"end\""
      }
    let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    let turn = isTurned ? " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" : ""
    body += "<text \(place) font-size=\"\(Self.number(size))\" fill=\"\(Self.hex(colour))\"\(side)\(turn)>"
    body += Self.escaped(text) + "</text>\n"
  }

  /// At most one decimal, the same on every machine.
  private static func number(_ value: Double) -> String {
    let tenths = (value * 10).rounded()
    guard tenths.magnitude < 1e9 else { return "0" }
    let whole = Int(tenths)
    return whole % 10 == 0 ? "\(whole / 10)" : "\(whole < 0 ? "-" : "")\(abs(whole) / 10).\(abs(whole) % 10)"
  }

  private static func hex(_ colour: Colour) -> String {
    let (red, green, blue) = colour.components
    return String(format: "#%02x%02x%02x", red, green, blue)
  }

  /// Text for XML; characters that XML 1.0 forbids become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default:
        let isForbidden = scalar.value < 0x20 && scalar != "\t" && scalar != "\n"
        result.unicodeScalars.append(
          isForbidden || scalar.value == 0xFFFE || scalar.value == 0xFFFF ? "\u{FFFD}" : scalar)
      }
    }
    return result
  }
}
