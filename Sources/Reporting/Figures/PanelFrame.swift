/// One panel at its place: grid, marks, labels and curves cut at the frame.
struct PanelFrame {
  private let panel: Figure.Panel
  private let x, y, width, height: Double
  private let horizontal: AxisScale
  private let vertical: AxisScale

  init(_ panel: Figure.Panel, x: Double, y: Double, width: Double, height: Double) {
    (self.panel, self.x, self.y, self.width, self.height) = (panel, x, y, width, height)
    let points = panel.series.flatMap(\.points).filter(\.isFinite)
    horizontal = AxisScale(panel.x, numbers: points.map(\.x))
    vertical = AxisScale(panel.y, numbers: points.map(\.y))
  }

  func draw(on canvas: inout any Canvas) {
    canvas.text(
      panel.title, x: x + width / 2, y: y - 8, size: 12, colour: .black, anchor: .middle, isTurned: false)
    drawGrid(on: &canvas)
    for series in panel.series.reversed() {
      for piece in pieces(of: series) {
        canvas.line(piece, colour: series.colour, width: series.stroke == .solid ? 2 : 1.5, stroke: series.stroke)
      }
    }
  }

  private func drawGrid(on canvas: inout any Canvas) {
    for tick in horizontal.ticks {
      guard let share = horizontal.position(tick), (-0.001...1.001).contains(share) else { continue }
      let place = x + share * width
      canvas.line(
        [.init(x: place, y: y), .init(x: place, y: y + height)], colour: .light, width: 1, stroke: .solid)
      canvas.text(
        AxisScale.text(tick), x: place, y: y + height + 15, size: 11, colour: .black, anchor: .middle, isTurned: false)
    }
    for tick in vertical.ticks {
      guard let share = vertical.position(tick), (-0.001...1.001).contains(share) else { continue }
      let place = y + (1 - share) * height
      canvas.line(
        [.init(x: x, y: place), .init(x: x + width, y: place)], colour: tick == 0 ? .grey : .light, width: 1,
        stroke: .solid)
      canvas.text(
        AxisScale.text(tick), x: x - 6, y: place + 4, size: 11, colour: .black, anchor: .end, isTurned: false)
    }
    let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    canvas.line(corners.map { .init(x: $0.0, y: $0.1) }, colour: .grey, width: 1, stroke: .solid)
    canvas.text(
      panel.x.label, x: x + width / 2, y: y + height + 34, size: 11, colour: .black, anchor: .middle, isTurned: false)
    canvas.text(
      panel.y.label, x: x - 50, y: y + height / 2, size: 11, colour: .black, anchor: .middle, isTurned: true)
  }

  /// The parts of a curve inside the frame, in pixels; points without a place leave gaps.
  func pieces(of series: Figure.Series) -> [[Figure.Point]] {
    var pieces: [[Figure.Point]] = []
    var current: [Figure.Point] = []
    var previous: Figure.Point?
    func close() {
      if current.count > 1 { pieces.append(current) }
      current = []
    }
    for point in series.points {
      guard let next = share(point) else {
        close()
        previous = nil
        continue
      }
      if let last = previous, let inside = Self.clipped(last, next) {
        if current.last != inside.from { close() }
        if current.isEmpty { current.append(inside.from) }
        current.append(inside.to)
      } else {
        close()
      }
      previous = next
    }
    close()
    return pieces.map { $0.map { Figure.Point(x: x + $0.x * width, y: y + (1 - $0.y) * height) } }
  }

  /// The place of a point in shares of the frame, beyond 0 ... 1 outside of it.
  private func share(_ point: Figure.Point) -> Figure.Point? {
    guard let across = horizontal.position(point.x), let up = vertical.position(point.y), across.isFinite, up.isFinite
    else { return nil }
    return Figure.Point(x: across, y: up)
  }

  /// The part of a segment inside the unit square (Liang and Barsky, 1984); nil when there is none.
  private static func clipped(_ a: Figure.Point, _ b: Figure.Point) -> (from: Figure.Point, to: Figure.Point)? {
    var (first, last) = (0.0, 1.0)
    for (start, end) in [(a.x, b.x), (a.y, b.y)] {
      let way = end - start
      if way == 0 {
        guard (0...1).contains(start) else { return nil }
        continue
      }
      let (enter, leave) = way > 0 ? (-start / way, (1 - start) / way) : ((1 - start) / way, -start / way)
      (first, last) = (max(first, enter), min(last, leave))
    }
    guard first <= last else { return nil }
    // Clamped, as rounding and very long segments can leave the square.
    func between(_ from: Double, _ to: Double, _ share: Double) -> Double {
      min(max(share == 0 ? from : share == 1 ? to : from + share * (to - from), 0), 1)
    }
    func at(_ share: Double) -> Figure.Point {
      Figure.Point(x: between(a.x, b.x, share), y: between(a.y, b.y, share))
    }
    return (at(first), at(last))
  }
}
