import CCairo

/// Draws on a bitmap with Cairo, at twice the size so that thin lines stay sharp.
final class CairoCanvas: Canvas {
  private static let magnification = 2.0
  private let surface: OpaquePointer
  private let context: OpaquePointer

  /// - Throws: `FigureError.bitmap` when Cairo has no memory for the picture.
  init(width: Double, height: Double) throws(FigureError) {
    let (columns, rows) = (Int32(width * Self.magnification), Int32(height * Self.magnification))
    guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows) else {
      throw .bitmap(problem: "no memory")
    }
    guard cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let context = cairo_create(surface) else {
      let problem = Self.words(cairo_surface_status(surface))
      cairo_surface_destroy(surface)
      throw .bitmap(problem: problem)
    }
    (self.surface, self.context) = (surface, context)
    cairo_scale(context, Self.magnification, Self.magnification)
    cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// Whether text leaves ink: without any font it would be missing silently.
  var hasFont: Bool {
    cairo_set_font_size(context, 12)
    return extents("H").width > 0
  }

  func line(_ points: [Figure.Point], colour: Colour, width: Double, stroke: Figure.Stroke) {
    guard let first = points.first else { return }
    use(colour)
    cairo_set_line_width(context, width)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(context, stroke.dashes, Int32(stroke.dashes.count), 0)
    cairo_move_to(context, first.x, first.y)
    for point in points.dropFirst() { cairo_line_to(context, point.x, point.y) }
    cairo_stroke(context)
  }

  func rectangle(x: Double, y: Double, width: Double, height: Double, fill: Colour) {
    use(fill)
    cairo_rectangle(context, x, y, width, height)
    cairo_fill(context)
  }

  func text(_ text: String, x: Double, y: Double, size: Double, colour: Colour, anchor: TextAnchor, isTurned: Bool) {
    use(colour)
    cairo_set_font_size(context, size)
    let width = extents(text).x_advance
    let shift =
      switch anchor {
      case .start: 0.0
      case .middle: -width / 2
      case .end: -width
      }
    cairo_save(context)
    cairo_translate(context, x, y)
    if isTurned { cairo_rotate(context, -.pi / 2) }
    cairo_move_to(context, shift, 0)
    // A text with a NUL would end there.
    cairo_show_text(context, text.replacing("\0", with: "\u{FFFD}"))
    cairo_restore(context)
  }

  /// Writes the bitmap as PNG.
  func write(to path: String) throws(FigureError) {
    cairo_surface_flush(surface)
    let status = cairo_surface_write_to_png(surface, path)
    guard status == CAIRO_STATUS_SUCCESS else { throw .unwritable(path: path, reason: Self.words(status)) }
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

  private static func words(_ status: cairo_status_t) -> String { String(cString: cairo_status_to_string(status)) }
}
