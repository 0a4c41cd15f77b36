/// Where everything of a figure lies, in pixels.
struct FigureLayout {
  let width: Double
  let height: Double
  private let figure: Figure
  private let title: [String]
  private let legend: Legend
  private let frames: [PanelFrame]
  private let legendTop: Double

  private static let panelWidth = 440.0
  private static let panelHeight = 310.0
  private static let titleSize = 13.0
  private static let noteSize = 11.0

  init(_ figure: Figure) {
    self.figure = figure
    let columns = min(figure.columns, max(figure.panels.count, 1))
    width = max(Double(columns) * Self.panelWidth, 560)
    title = Self.wrapped(figure.title, width: Int((width - 32) / (Self.titleSize * 0.6)), lines: 4)
    let top = 16 + Double(title.count) * 18 + Double(figure.notes.count) * 15 + 6
    let rows = (figure.panels.count + columns - 1) / columns
    let cell = width / Double(columns)
    frames = figure.panels.indices.map { index in
      PanelFrame(
        figure.panels[index], x: Double(index % columns) * cell + 64,
        y: top + Double(index / columns) * Self.panelHeight + 26, width: cell - 64 - 20,
        height: Self.panelHeight - 26 - 48)
    }
    legend = Legend(figure.panels, width: width - 32)
    legendTop = top + Double(rows) * Self.panelHeight + 6
    height = legendTop + legend.height + 8
  }

  func draw(on canvas: inout any Canvas) {
    canvas.rectangle(x: 0, y: 0, width: width, height: height, fill: .white)
    var y = 16 + 4.0
    for line in title {
      canvas.text(line, x: 16, y: y, size: Self.titleSize, colour: .black, anchor: .start, isTurned: false)
      y += 18
    }
    for note in figure.notes {
      canvas.text(note, x: 16, y: y, size: Self.noteSize, colour: .grey, anchor: .start, isTurned: false)
      y += 15
    }
    for frame in frames { frame.draw(on: &canvas) }
    legend.draw(x: 16, y: legendTop, on: &canvas)
  }

  /// Cuts a text into lines after commas and blanks where it can; what exceeds the last line ends in an ellipsis.
  static func wrapped(_ text: String, width: Int, lines limit: Int) -> [String] {
    // A formula can be huge: only what could be shown is looked at.
    let shown = text.count > width * limit ? String(text.prefix(width * limit)) : text
    var lines: [String] = []
    var rest = Substring(shown)
    while !rest.isEmpty, lines.count < limit {
      if rest.count <= width {
        lines.append(String(rest))
        rest = ""
        break
      }
      let head = rest.prefix(width)
      let cut = head.lastIndex { ", )".contains($0) }.map { head.index(after: $0) } ?? head.endIndex
      lines.append(String(rest[..<cut]))
      rest = rest[cut...]
    }
    if !rest.isEmpty || shown.count < text.count, let last = lines.popLast() {
      lines.append(last.prefix(width - 1) + "…")
    }
    return lines
  }
}

/// The labels of all curves with a piece of their line, in rows.
private struct Legend {
  private struct Entry {
    let label: String
    let colour: Colour
    let stroke: Figure.Stroke
    let x, y: Double
  }

  private let entries: [Entry]
  let height: Double

  private static let size = 11.0
  private static let rowHeight = 17.0

  init(_ panels: [Figure.Panel], width: Double) {
    var seen = Set<String>()
    var entries: [Entry] = []
    var (x, row) = (0.0, 0.0)
    for series in panels.flatMap(\.series) where seen.insert(series.label).inserted {
      let label = series.label.count > 60 ? series.label.prefix(59) + "…" : series.label
      let needed = 34 + Double(label.count) * Self.size * 0.62 + 18
      if x > 0, x + needed > width { (x, row) = (0, row + 1) }
      entries.append(
        Entry(label: label, colour: series.colour, stroke: series.stroke, x: x, y: row * Self.rowHeight))
      x += needed
    }
    self.entries = entries
    height = entries.isEmpty ? 0 : (row + 1) * Self.rowHeight
  }

  func draw(x: Double, y: Double, on canvas: inout any Canvas) {
    for entry in entries {
      let (left, baseline) = (x + entry.x, y + entry.y + 12)
      canvas.line(
        [.init(x: left, y: baseline - 4), .init(x: left + 28, y: baseline - 4)], colour: entry.colour, width: 2,
        stroke: entry.stroke)
      canvas.text(
        entry.label, x: left + 34, y: baseline, size: Self.size, colour: .black, anchor: .start, isTurned: false)
    }
  }
}
