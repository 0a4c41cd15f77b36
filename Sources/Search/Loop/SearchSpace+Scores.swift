import Losses
import RunStore

/// What a training is judged by, whatever was trained.
extension SearchSpace {
  /// The names of all scores of a training, in the order of tables.
  public var metricNames: [String] {
    task == .segmentation ? SegmentationMetric.allCases.map(\.rawValue) : ScoreMetric.allCases.map(\.rawValue)
  }

  /// The score that decides.
  public var metricName: String { segmentation?.metric.rawValue ?? (selection.metric ?? .ap).rawValue }

  /// The score that the short training is judged by: AP50, since boxes are coarse so early; a segmenter's own metric.
  var shortMetricName: String { segmentation?.metric.rawValue ?? ScoreMetric.ap50.rawValue }

  /// The score that decides; nil after divergence.
  func score(_ outcome: ScoreOutcome) -> Double? { outcome.value(metricName) }

  /// The steps of each kind of training.
  var steps: (verify: Int, proxy: Int, final: Int) {
    guard let training = segmentation?.training else {
      return (training.verify.steps, training.proxy.steps, training.final.steps)
    }
    return (training.verify.schedule.steps, training.proxy.schedule.steps, training.final.schedule.steps)
  }
}

extension ScoreOutcome {
  /// A score by its name; nil after divergence and where there is none; 0 where the metric is not defined.
  public func value(_ name: String) -> Double? {
    switch self {
    case .scored(let ap, let ap50, let ap75):
      switch ScoreMetric(rawValue: name) {
      case .ap: ap
      case .ap50: ap50
      case .ap75: ap75
      case nil: nil
      }
    case .measured(let scores): scores[name].map { $0.isNaN ? 0 : $0 }
    case .diverged: nil
    }
  }

  /// The metric's value; nil after divergence.
  public func value(_ metric: ScoreMetric) -> Double? { value(metric.rawValue) }
}
