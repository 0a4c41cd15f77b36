import Reporting
import Screening

/// `report.html`: the search on one page that needs nothing beside it.
extension SearchResult {
  /// Times, paths and host names stand nowhere in it.
  public func page() throws -> String {
    let space = configuration.space
    var page = HTMLPage(
      title: "\(space.task.rawValue) on \(configuration.dataName), branch \(space.branch.rawValue), seed "
        + "\(configuration.seed)")
    page.addText(text)
    page.addHeading("Proxy trainings")
    page.addParagraph(
      "Each point is one candidate that reached the proxy, scored once on search-val; the dashed line is the mean of the "
        + "default losses over the promotion seeds.")
    page.add(progressFigure)
    for (offset, found) in best.enumerated() {
      page.addHeading("found-\(offset + 1)")
      for part in found.genome.branchFormulas(space.task) {
        page.add(LossCurves(of: part.formula, mode: part.mode).figure)
        page.addText(part.formula.tree)
      }
    }
    page.addHeading("Loss cards")
    page.addText(try cardsYAML())
    page.addHeading("Search space")
    page.addText(try YAMLText.text(of: space))
    return page.html
  }

  /// Scores of the proxy trainings in the order of submission, and the best of them up to there.
  var progressFigure: Figure {
    let metric = configuration.space.metricName
    let points = proxyScores.enumerated().map { Figure.Point(x: Double($0.offset + 1), y: $0.element ?? .nan) }
    var best: [Figure.Point] = []
    for point in points where point.y > (best.last?.y ?? -.infinity) {
      if let before = best.last { best.append(Figure.Point(x: point.x, y: before.y)) }
      best.append(point)
    }
    if let last = best.last { best.append(Figure.Point(x: Double(points.count), y: last.y)) }
    var series = [
      Figure.Series("candidate", points: points, colour: .blue, stroke: .dotted),
      Figure.Series("best so far", points: best, colour: .vermilion),
    ]
    if !defaultScores.values.isEmpty {
      let level = defaultScores.mean
      series.append(
        Figure.Series(
          "default losses", points: [.init(x: 1, y: level), .init(x: Double(max(points.count, 2)), y: level)],
          colour: .grey, stroke: .dashed))
    }
    return Figure(
      title: "\(metric) on search-val",
      panels: [
        Figure.Panel(
          title: "proxy trainings", x: Figure.Axis("candidate, in the order of submission"), y: Figure.Axis(metric),
          series: series)
      ], columns: 1)
  }
}
