import Losses
import Reporting
import Surrogates

/// `report.html`: the search on one page that needs nothing beside it.
extension SurrogateResult {
  /// Times, paths and host names stand nowhere in it.
  public func page() throws -> String {
    let metric = space.metric.rawValue
    var page = HTMLPage(
      title: "Surrogate for \(metric) on \(configuration.dataName), seed \(configuration.seed)")
    page.addText(text)
    page.addHeading("Rewards")
    page.addParagraph(
      "Each point is one short training, scored on search-val; the dashed line is cross entropy with the same seed.")
    page.add(rewardFigure)
    page.addHeading("Curves of the best theta")
    if let curves = try curveFigure() {
      page.add(curves)
    } else {
      page.addParagraph("Every theta diverged with some seed.")
    }
    page.addHeading("Loss card")
    page.addText(try cardsYAML())
    page.addHeading("Search space")
    page.addText(try YAMLText.text(of: space))
    return page.html
  }

  /// Rewards over the order of submission, their mean by generation, and cross entropy.
  var rewardFigure: Figure {
    let metric = space.metric
    let points = history.map { Figure.Point(x: Double($0.id), y: $0.outcome.reward(metric)) }
    let generations = Dictionary(grouping: history.filter { $0.generation < space.search.generations }) {
      $0.generation
    }
    let means = generations.keys.sorted().compactMap { generation -> Figure.Point? in
      guard let trials = generations[generation], let first = trials.first, let last = trials.last else { return nil }
      let mean = trials.reduce(0) { $0 + $1.outcome.reward(metric) } / Double(trials.count)
      return Figure.Point(x: Double(first.id + last.id) / 2, y: mean)
    }
    var series = [
      Figure.Series("theta", points: points, colour: .blue, stroke: .dotted),
      Figure.Series("mean of the generation", points: means, colour: .vermilion),
    ]
    if let reference = crossEntropyReward, let last = history.last {
      series.append(
        Figure.Series(
          "cross entropy", points: [.init(x: 0, y: reference), .init(x: Double(last.id), y: reference)], colour: .grey,
          stroke: .dashed))
    }
    return Figure(
      title: "\(metric.rawValue) on search-val",
      panels: [
        Figure.Panel(
          title: "rewards", x: Figure.Axis("theta, in the order of drawing"), y: Figure.Axis(metric.rawValue),
          series: series)
      ], columns: 1)
  }

  /// The curves that the best theta stands for; nil without one.
  func curveFigure() throws -> Figure? {
    guard let found = best.first else { return nil }
    let series = try space.parameters(found.theta).surrogateCurves.enumerated().map { index, curve in
      Figure.Series(
        Self.gates(space.metric)[index],
        points: (0...100).map { Figure.Point(x: Double($0) / 100, y: curve.evaluate(Double($0) / 100).value) },
        colour: .ofSeries(index))
    }
    return Figure(
      title: "curves in place of the gates",
      panels: [
        Figure.Panel(
          title: space.metric.rawValue, x: Figure.Axis("probability", range: 0...1), y: Figure.Axis("y", range: 0...1),
          series: series)
      ], columns: 1)
  }

  /// What each curve stands in for, in the order of theta.
  private static func gates(_ metric: SegmentationMetric) -> [String] {
    switch metric {
    case .meanIoU, .frequencyWeightedIoU, .boundaryIoU: ["intersection", "union"]
    case .meanAccuracy, .globalAccuracy: ["intersection"]
    case .boundaryF1: ["AND: prediction", "AND: eroded", "OR: prediction", "OR: eroded"]
    }
  }
}
