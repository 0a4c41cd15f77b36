import Foundation
import Randomness
import Reporting
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Figures are well-formed, the same for the same data, and stay inside their panels whatever the numbers.
@Suite struct FigureTests {
  private func figure(_ points: [Figure.Point], scale: Figure.Axis.Scale = .linear, title: String = "t") -> Figure {
    Figure(
      title: title,
      panels: [
        .init(
          title: "p", x: .init("x"), y: .init("y", scale: scale),
          series: [.init("s", points: points, colour: .blue)])
      ], columns: 1)
  }

  /// The coordinates of all curves (drawn wider than grid and frame).
  private func curves(_ svg: String) -> [[Double]] {
    svg.split(separator: "\n").filter { $0.hasPrefix("<polyline") && $0.contains("stroke-width=\"2\"") }.map { line in
      let list = line.dropFirst("<polyline points=\"".count).prefix { $0 != "\"" }
      return list.split(whereSeparator: { ", ".contains($0) }).compactMap { Double($0) }
    }
  }

  private func isWellFormed(_ svg: String) -> Bool {
    let parser = XMLParser(data: Data(svg.utf8))
    return parser.parse()
  }

  @Test(arguments: 0..<40) func randomSeriesStayInsideThePanel(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let size = [1e-30, 1e-3, 1, 1e6, 1e300][Int(seed) % 5]
    let odd = [
      Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, .leastNonzeroMagnitude,
    ]
    let points = (0..<generator.index(below: 60)).map { index in
      Figure.Point(
        x: generator.chance(0.05) ? odd[generator.index(below: odd.count)] : Double(index),
        y: generator.chance(0.1) ? odd[generator.index(below: odd.count)] : generator.normal() * size)
    }
    var figure = figure(points, scale: seed % 3 == 0 ? .logarithmic : .linear)
    if seed % 4 == 0 { figure.panels[0].y.range = -size...(size / 2) }
    let svg = figure.svg()
    #expect(isWellFormed(svg), "seed \(seed)")
    #expect(svg == figure.svg())
    #expect(!svg.contains("nan") && !svg.contains("inf"), "seed \(seed)")
    // The panel of a single-column figure: 560 wide, from 64 to 540.
    for numbers in curves(svg) {
      for x in stride(from: 0, to: numbers.count, by: 2) {
        #expect((15.9...540.1).contains(numbers[x]) && (0...420).contains(numbers[x + 1]), "seed \(seed)")
      }
    }
  }

  @Test func aPointThatIsNotFiniteLeavesAGap() {
    let points = [0.0, 1, 2, .nan, 4, 5].enumerated().map { Figure.Point(x: Double($0), y: $1) }
    // The legend's sample, then the two parts.
    #expect(curves(figure(points).svg()).count == 3)
  }

  @Test(arguments: [
    (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]), (-2.5, 2.5, ["−2", "−1", "0", "1", "2"]),
    (0, 1e6, ["0", "2e5", "4e5", "6e5", "8e5", "1e6"]), (0.0001, 0.0002, ["1e−4", "1.2e−4"]),
    (3, 3, ["2", "3", "4"]), (0, 0, ["−1", "0", "1"]),
  ]) func marksAreNiceNumbers(low: Double, high: Double, expected: [String]) {
    let svg = figure([.init(x: 0, y: low), .init(x: 1, y: high)]).svg()
    for text in expected { #expect(svg.contains(">\(text)</text>"), "\(text) for \(low) ... \(high)") }
  }

  @Test func textsFromStrangersAreEscaped() {
    let svg = figure([.init(x: 0, y: 0), .init(x: 1, y: 1)], title: "</text><script>&\"'\u{0}\u{1b}").svg()
    #expect(isWellFormed(svg) && !svg.contains("<script>"))
  }

  @Test func longTitlesAreWrappedAndCut() {
    let svg = figure([.init(x: 0, y: 0), .init(x: 1, y: 1)], title: String(repeating: "Add(X,", count: 100_000)).svg()
    #expect(svg.contains("…") && svg.utf8.count < 20_000)
  }

  @Test func emptyFiguresAreDrawn() {
    for figure in [Figure(title: "", panels: []), figure([]), figure([.init(x: 1, y: 1)])] {
      #expect(isWellFormed(figure.svg()))
    }
  }

  @Test func filesAreWrittenByTheirEnding() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("figures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let figure = figure((0..<50).map { .init(x: Double($0), y: Double($0 * $0)) })
    let svg = folder.appendingPathComponent("a.svg")
    try FigureFile.write(figure, to: svg.path)
    #expect(try String(contentsOf: svg, encoding: .utf8) == figure.svg())
    let png = folder.appendingPathComponent("a.PNG")
    try FigureFile.write(figure, to: png.path)
    let bytes = [UInt8](try Data(contentsOf: png))
    #expect(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    // Width and height of the header, twice those of the drawing; a blank picture would compress to less.
    #expect(bytes[16..<20].reduce(0) { $0 << 8 + Int($1) } == 1120)
    #expect(bytes.count > 8_000)
    for bad in ["a.gif", "svg", "none/a.svg", "none/a.png", ".svg", ".PNG", "..svg", "...."] {
      #expect(throws: FigureError.self, "\(bad)") {
        try FigureFile.write(figure, to: folder.appendingPathComponent(bad).path)
      }
    }
    #expect(throws: FigureError.nameless(path: ".svg")) { try FigureFile.check(".svg") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.PNG", "a.svg"])
  }
}
