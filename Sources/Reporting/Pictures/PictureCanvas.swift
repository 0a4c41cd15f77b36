import CCairo
import Foundation

/// A photograph on a bitmap of Cairo that boxes are drawn on.
final class PictureCanvas {
  private let surface: OpaquePointer
  private let context: OpaquePointer
  private let scale: Double
  private let columns, rows: Double
  private let lineWidth: Double
  private let textSize: Double

  /// - Throws: `FigureError.bitmap` when Cairo cannot hold the picture.
  init(_ picture: MarkedPicture) throws(FigureError) {
    scale = Double(picture.magnification)
    (columns, rows) = (Double(picture.width) * scale, Double(picture.height) * scale)
    let side = min(columns, rows)
    lineWidth = max(1.5, side / 300)
    textSize = max(11, min(side / 28, 40))
    guard columns <= 32_767, rows <= 32_767, columns > 0, rows > 0,
      let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns), Int32(rows))
    else { throw .bitmap(problem: "\(picture.width) x \(picture.height) pixels, at most 32767 a side can be drawn") }
    guard cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let context = cairo_create(surface) else {
      let problem = String(cString: cairo_status_to_string(cairo_surface_status(surface)))
      cairo_surface_destroy(surface)
      throw .bitmap(problem: problem)
    }
    (self.surface, self.context) = (surface, context)
    fill(picture)
    cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_font_size(context, textSize)
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// Whether text leaves ink.
  var hasFont: Bool { extents("H").width > 0 }

  /// Copies the pixels, each as a square.
  private func fill(_ picture: MarkedPicture) {
    cairo_surface_flush(surface)
    guard let data = cairo_image_surface_get_data(surface) else { return }
    let stride = Int(cairo_image_surface_get_stride(surface))
    let factor = picture.magnification
    for y in 0..<picture.height * factor {
      let row = UnsafeMutableRawPointer(data + y * stride).assumingMemoryBound(to: UInt32.self)
      for x in 0..<picture.width * factor {
        let place = (y / factor * picture.width + x / factor) * 3
        row[x] =
          UInt32(picture.pixels[place]) << 16 | UInt32(picture.pixels[place + 1]) << 8
          | UInt32(picture.pixels[place + 2])
      }
    }
    cairo_surface_mark_dirty(surface)
  }

  func drawBox(_ mark: MarkedPicture.Mark) {
    cairo_rectangle(context, mark.x * scale, mark.y * scale, mark.width * scale, mark.height * scale)
    // A dark rim keeps bright lines visible on bright ground.
    cairo_set_dash(context, nil, 0, 0)
    cairo_set_source_rgba(context, 0, 0, 0, 0.45)
    cairo_set_line_width(context, lineWidth + 1.5)
    if mark.stroke == .solid { cairo_stroke_preserve(context) }
    use(mark.colour)
    cairo_set_line_width(context, lineWidth)
    let dashes = mark.stroke.dashes
    cairo_set_dash(context, dashes, Int32(dashes.count), 0)
    cairo_stroke(context)
  }

  /// Above the box, or inside of it where there is no room; always inside the picture.
  func drawLabel(_ mark: MarkedPicture.Mark) {
    guard let label = mark.label else { return }
    let text = label.replacing("\0", with: "\u{FFFD}")
    let (width, height) = (extents(text).x_advance + 6, textSize * 1.3)
    let x = max(0, min(mark.x * scale - lineWidth / 2, columns - width))
    let above = mark.y * scale - height
    let y = above >= 0 ? above : min(mark.y * scale, rows - height)
    use(mark.colour)
    cairo_rectangle(context, x, y, width, height)
    cairo_fill(context)
    use(mark.colour.isBright ? .black : .white)
    cairo_move_to(context, x + 3, y + textSize)
    cairo_show_text(context, text)
  }

  func write(to path: String) throws(FigureError) {
    cairo_surface_flush(surface)
    let status = cairo_surface_write_to_png(surface, path)
    guard status == CAIRO_STATUS_SUCCESS else {
      throw .unwritable(path: path, reason: String(cString: cairo_status_to_string(status)))
    }
  }

  private func use(_ colour: Colour) {
    let (red, green, blue) = colour.components
    cairo_set_source_rgb(context, Double(red) / 255, Double(green) / 255, Double(blue) / 255)
  }

  private func extents(_ text: String) -> cairo_text_extents_t {
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    return extents
  }
}

extension Colour {
  /// Whether dark text reads better on it (luma of BT.601 above one half).
  var isBright: Bool {
    let (red, green, blue) = components
    return 0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue) > 128
  }
}
